# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Text networks of transformers as users have them, with random weights and few words."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, processors
import transformers

_WORDS = {'<pad>': 0, '<begin>': 1, '<end>': 2, '<unknown>': 3, 'walk': 4, 'left': 5}


def small_transformer(name: str, folder: Path) -> None:
    """Write a CLIP text network or a T5 encoder, 16 wide, with its tokenizer."""
    words = Tokenizer(models.WordLevel(_WORDS, unk_token='<unknown>'))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single='<begin> $A <end>', special_tokens=[('<begin>', 1), ('<end>', 2)])
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token='<pad>', eos_token='<end>', unk_token='<unknown>',
    ).save_pretrained(folder)
    if name == 'clip':
        network = transformers.CLIPTextModel(transformers.CLIPTextConfig(
            vocab_size=len(_WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=20, bos_token_id=1, eos_token_id=2,
            pad_token_id=0))
    else:
        network = transformers.T5EncoderModel(transformers.T5Config(
            vocab_size=len(_WORDS), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2))
    network.save_pretrained(folder)
