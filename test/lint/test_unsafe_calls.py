# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nothing in the package runs what a file says: no pickles, eval, shells or trusting parsers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Where a rule is broken on purpose: the unpickler that builds records only, and readers of XML
#: that this package wrote itself.
ALLOWED = {
    ('motion_avatar_ros/body/array_pickle.py', 'import pickle'),
    ('motion_avatar_ros/body/array_pickle.py', 'pickle.Unpickler'),
    ('motion_avatar_ros/body/plain_xml.py', 'ElementTree.fromstring'),
    ('motion_avatar_ros/retarget/reference_solvers.py', 'ElementTree.fromstring'),
    ('motion_avatar_ros/retarget/simulation_model.py', 'ElementTree.fromstring'),
    ('motion_avatar_ros/ros/test_results.py', 'ElementTree.parse'),
}
MODULES = {'pickle', 'cPickle', '_pickle', 'dill', 'cloudpickle', 'marshal', 'shelve',
           'jsonpickle', 'code', 'pty', 'commands', 'lxml', 'xml.sax', 'xml.dom',
           'xml.dom.minidom'}
BUILTINS = {'eval', 'exec', 'compile', '__import__'}
#: Attributes by what they are of; '*' is any.
CALLS = {
    'yaml': {'load', 'load_all', 'full_load', 'unsafe_load', 'full_load_all', 'unsafe_load_all',
             'Loader', 'UnsafeLoader', 'FullLoader'},
    'os': {'system', 'popen', 'execv', 'execve', 'execvp', 'execvpe', 'execl', 'spawnv', 'spawnl',
           'posix_spawn'},
    'subprocess': {'getoutput', 'getstatusoutput'},
    'torch': {'load'}, 'joblib': {'load'}, 'tempfile': {'mktemp'},
    'asyncio': {'create_subprocess_shell'},
    'ElementTree': {'fromstring', 'parse', 'XML', 'iterparse', 'fromstringlist', 'XMLID'},
    'pickle': {'load', 'loads', 'Unpickler'},
}


def offences(tree: ast.AST) -> Iterator[str]:
    """Yield what breaks a rule in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            modules = names if isinstance(node, ast.Import) else [node.module or '', *(
                f'{node.module}.{name}' for name in names)]
            yield from (f'import {name}' for name in modules if name in MODULES)
            if isinstance(node, ast.ImportFrom):
                owner = (node.module or '').rpartition('.')[2]
                yield from (f'{owner}.{name}' for name in names if name in CALLS.get(owner, ()))
        elif isinstance(node, ast.Name) and node.id in BUILTINS:
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in CALLS.get(owner, ()):
                yield f'{owner}.{node.attr}'
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                is_off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
                if keyword.arg in ('shell', 'allow_pickle') and not is_off:
                    yield keyword.arg
            if isinstance(node.func, ast.Attribute) and node.func.attr == 'load' and (
                    isinstance(node.func.value, ast.Name) and node.func.value.id in (
                        'np', 'numpy')) and not any(
                            keyword.arg == 'allow_pickle' for keyword in node.keywords):
                yield 'np.load without allow_pickle=False'


def test_nothing_runs_what_a_file_says(python_files):
    found = {
        (str(path.relative_to(ROOT)), offence) for path in python_files
        if path.relative_to(ROOT).parts[0] != 'test'
        for offence in offences(ast.parse(path.read_text(encoding='utf-8')))}
    assert found == ALLOWED


@pytest.mark.parametrize(('text', 'offence'), [
    ('import pickle', 'import pickle'), ('from xml.dom import minidom', 'import xml.dom'),
    ('from yaml import load', 'yaml.load'), ('import yaml\nyaml.load(x, yaml.SafeLoader)',
                                             'yaml.load'),
    ('eval("1")', 'eval'), ('run = exec', 'exec'), ('os.system("ls")', 'os.system'),
    ('subprocess.run("ls", shell=True)', 'shell'), ('subprocess.run(x, shell=y)', 'shell'),
    ('np.load(x)', 'np.load without allow_pickle=False'),
    ('np.load(x, allow_pickle=True)', 'allow_pickle'), ('torch.load(x)', 'torch.load'),
    ('from xml.etree.ElementTree import parse', 'ElementTree.parse'),
    ('import xml.etree.ElementTree\nxml.etree.ElementTree.parse(x)', 'ElementTree.parse')])
def test_the_rules_see_what_they_are_for(text, offence):
    assert offence in set(offences(ast.parse(text)))


@pytest.mark.parametrize('text', [
    'np.load(x, allow_pickle=False)', 'subprocess.run(["ls"], shell=False)', 'json.load(x)',
    'self.load(x)', 'model.eval()', 'yaml.safe_load(x)', 're.compile(x)'])
def test_the_rules_let_be_what_is_safe(text):
    assert list(offences(ast.parse(text))) == []
