# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The closing line of `make test`: how many tests ran, from the result files of colcon test.

`colcon test-result` is content when no test ran at all; here that is a failure.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
import sys
import xml.etree.ElementTree as ElementTree


def count(folder: Path) -> Counter[str]:
    """Count the passed, failed and skipped test cases of every JUnit file under a folder.

    Raises:
        ElementTree.ParseError: A result file was cut off.
    """
    outcomes: Counter[str] = Counter()
    for path in sorted(folder.glob('*/pytest.xml')):
        for case in ElementTree.parse(path).iter('testcase'):
            kinds = {child.tag for child in case}
            if kinds & {'failure', 'error'}:
                outcomes['failed'] += 1
            else:
                outcomes['skipped' if 'skipped' in kinds else 'passed'] += 1
    return outcomes


def main(arguments: list[str] | None = None) -> int:
    """Print 'N passed, N failed, N skipped'; return 0 when tests ran and none failed."""
    folder = Path((sys.argv[1:] if arguments is None else arguments)[0])
    try:
        outcomes = count(folder)
    except ElementTree.ParseError as error:
        sys.stderr.write(f"test results under '{folder}' cannot be read: {error}\n")
        return 1
    sys.stdout.write('{passed} passed, {failed} failed, {skipped} skipped\n'.format(
        **{kind: outcomes[kind] for kind in ('passed', 'failed', 'skipped')}))
    return 0 if outcomes['passed'] and not outcomes['failed'] else 1


if __name__ == '__main__':
    sys.exit(main())
