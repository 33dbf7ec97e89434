# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The panel's text on the web page: what the avatar's node says, and what arrives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from motion_avatar_ros.ros.plain_markdown import plain_markdown

#: Without a pose for so long what is shown is old.
STALE_S = 0.5

_NOTHING = '–'
_INPUT_RATE_KEY = 'head.rate_hz'
#: Told by who makes motion of words, and by nobody else: what is done.
PROMPT_KEY = 'prompt'
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class BodyReception:
    """
    The body topic as received here.

    Attributes:
        topic: its name.
        rate_hz: poses per second.
        age_s: time since the last one, None before the first [s].
        latency_p50_ms, latency_p99_ms: reception minus stamp; None before the first.
        publishers: how many publish it; more than one is a fault.
        problem: why a message could not be shown, or None.
    """

    topic: str
    rate_hz: float
    age_s: float | None
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    publishers: int
    problem: str | None = None


def report_markdown(
    body: BodyReception, avatar: Mapping[str, str] | None, doubt: str | None = None,
    headset_page: str | None = None,
) -> str:
    """
    Return the panel's text.

    Args:
        body: what arrives here.
        avatar: values of the avatar node's status on /diagnostics, None while unheard.
        doubt: what that node warns of, or None.
        headset_page: address of the page that turns a headset into trackers, or None.
    """
    avatar = avatar or {}
    sha = avatar.get('model_sha256', '')[:8]
    model = avatar.get('model', _NOTHING) + (f' `{sha}`' if sha else '')
    source = [('device', avatar.get('device', _NOTHING)),
              ('input', f'{_number(avatar.get(_INPUT_RATE_KEY))} Hz')]
    if PROMPT_KEY in avatar:
        source = [('motion', _shown(avatar[PROMPT_KEY])),
                  ('made in', f"{_number(avatar.get('generation_p50_ms'))} ms")]
    rows = [
        ('state', f"**{avatar.get('state', 'not heard of')}**"),
        ('model', model),
        *source,
        ('output', f'{_number(body.rate_hz)} Hz'),
        ('latency p50', f'{_number(body.latency_p50_ms)} ms'),
        ('latency p99', f'{_number(body.latency_p99_ms)} ms'),
    ]
    lines = ['| | |', '|---|---|', *(f'| {name} | {value} |' for name, value in rows)]
    said = ([] if doubt is None else [f'**{doubt}**']) + [
        f'**{line}**' for line in remarks(body)]
    if headset_page is not None:
        said.append(f'[use this headset]({headset_page})')
    return '\n'.join(lines + [f'\n{line}' for line in said])


def remarks(body: BodyReception) -> list[str]:
    """Return what is wrong with the reception, one line each."""
    lines = []
    if body.publishers > 1:
        lines.append(f'{body.publishers} publishers on `{body.topic}`: the body is held')
    if body.age_s is None:
        lines.append(f'no pose on `{body.topic}` yet')
    elif body.age_s > STALE_S:
        lines.append(f'no pose for {body.age_s:.1f} s: what is shown is old')
    if body.problem is not None:
        lines.append(body.problem)
    return lines


def _shown(prompt: str) -> str:
    """Return what somebody typed as Markdown that is nothing but text."""
    cut = prompt if len(prompt) <= _SHOWN_CHARACTERS else f'{prompt[:_SHOWN_CHARACTERS]} …'
    return plain_markdown(cut)


def _number(value: float | str | None) -> str:
    try:
        return _NOTHING if value is None else f'{float(value):.1f}'
    except ValueError:  # a status says 'none' where it has no figure
        return _NOTHING
