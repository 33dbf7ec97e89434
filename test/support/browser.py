# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium driven over the DevTools protocol, with an emulated headset if asked.

The emulator, iwer, comes from npm and is not part of this package: it is looked for in the folder
IWER_DIR, else obtained once into the user's cache.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
import fcntl
import io
import itertools
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from typing import Any

from PIL import Image
from websockets.sync.client import ClientConnection, connect

IWER_VERSION = '2.5.0'
_NAMES = ('chromium', 'chromium-browser', 'google-chrome')
_FLAGS = (
    '--headless=new', '--no-sandbox', '--disable-gpu', '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader', '--ignore-certificate-errors', '--remote-debugging-port=0',
    '--no-first-run', '--no-default-browser-check', '--disable-extensions', '--mute-audio',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-dev-shm-usage', '--hide-scrollbars',
    # Two pages are in use at once, and one of them is behind the other.
    '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
    '--disable-background-timer-throttling',
)


class BrowserUnavailableError(Exception):
    """There is no browser, or no emulator; the text says what is missing."""


class PageError(Exception):
    """An expression failed on the page, or did not become true in time."""


def iwer_bundle() -> str:
    """Return the emulator as one script."""
    given = os.environ.get('IWER_DIR')
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    folder = Path(given) if given else cache / 'motion_avatar_ros' / f'iwer-{IWER_VERSION}'
    names = ('package/build/iwer.min.js', 'build/iwer.min.js', 'iwer.min.js')
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found and not given:
        found = [_pack_iwer(folder)]
    if not found:
        raise BrowserUnavailableError(f'IWER_DIR ({folder}) holds none of {", ".join(names)}')
    return found[0].read_text(encoding='utf-8')


def _pack_iwer(folder: Path) -> Path:
    if shutil.which('npm') is None:
        raise BrowserUnavailableError('npm is not installed, so iwer cannot be obtained')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / 'lock', 'w', encoding='utf-8') as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            bundle = folder / 'package' / 'build' / 'iwer.min.js'
            if not bundle.is_file():
                subprocess.run(
                    ['npm', 'pack', f'iwer@{IWER_VERSION}', '--silent'], cwd=folder, check=True,
                    capture_output=True, timeout=120)
                with tarfile.open(folder / f'iwer-{IWER_VERSION}.tgz') as archive:
                    archive.extractall(folder, filter='data')
            return bundle
    except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
        raise BrowserUnavailableError(f'iwer cannot be obtained from npm: {error}') from None


class Browser:
    """One browser process with a profile of its own."""

    def __init__(self, width: int = 640, height: int = 360) -> None:
        program = next(filter(None, map(shutil.which, _NAMES)), None)
        if program is None:
            raise BrowserUnavailableError(f'none of {", ".join(_NAMES)} is installed')
        self._folder = tempfile.mkdtemp(prefix='motion_avatar_browser_')
        self._process = subprocess.Popen(
            [program, *_FLAGS, f'--window-size={width},{height}',
             f'--user-data-dir={self._folder}', 'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            self._socket = self._connect()
        except BaseException:
            self.close()
            raise
        self._numbers = itertools.count(1)
        #: Errors of all pages, as the browser's console shows them.
        self.errors: list[str] = []
        self._pages: list[Page] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, address: str, scripts: tuple[str, ...] = ()) -> Page:
        """Open a page in a tab of its own; the scripts run before those of any document."""
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        page = Page(self, target, session)
        self._pages.append(page)
        for domain in ('Page', 'Runtime'):
            page.call(f'{domain}.enable')
        for script in scripts:
            page.call('Page.addScriptToEvaluateOnNewDocument', source=script)
        page.go(address)
        return page

    def close_pages(self) -> None:
        """Close all tabs but the browser's first."""
        while self._pages:
            self._pages[-1].close()

    def call(self, method: str, session: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol."""
        number = next(self._numbers)
        message = {'id': number, 'method': method, 'params': arguments}
        if session is not None:
            message['sessionId'] = session
        self._socket.send(json.dumps(message))
        deadline_s = time.monotonic() + 30.0
        while True:
            answer = json.loads(self._socket.recv(timeout=max(0.0, deadline_s - time.monotonic())))
            if answer.get('id') == number:
                if 'error' in answer:
                    raise PageError(f"{method}: {answer['error']['message']}")
                return answer['result']
            self._note(answer)

    def close(self) -> None:
        """End the browser and remove its profile."""
        if hasattr(self, '_socket'):
            self._socket.close()
        try:
            os.killpg(self._process.pid, signal.SIGKILL)  # it is its own group's leader
        except ProcessLookupError:
            pass
        self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _connect(self) -> ClientConnection:
        port_file = Path(self._folder) / 'DevToolsActivePort'
        deadline_s = time.monotonic() + 60.0
        while time.monotonic() < deadline_s and self._process.poll() is None:
            lines = port_file.read_text().splitlines() if port_file.is_file() else []
            if len(lines) == 2:
                return connect(
                    f'ws://127.0.0.1:{lines[0]}{lines[1]}', max_size=None, compression=None,
                    ping_interval=None)
            time.sleep(0.05)
        raise BrowserUnavailableError('the browser does not start')

    def _note(self, event: dict[str, Any]) -> None:
        what = event.get('params', {})
        if event.get('method') == 'Runtime.exceptionThrown':
            details = what['exceptionDetails']
            self.errors.append(
                details.get('exception', {}).get('description') or details['text'])
        elif event.get('method') == 'Runtime.consoleAPICalled' and what['type'] == 'error':
            self.errors.append(' '.join(
                str(value.get('value') or value.get('description')) for value in what['args']))


class Page:
    """One tab."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol on this tab."""
        return self._browser.call(method, self._session, **arguments)

    def go(self, address: str) -> None:
        """Load an address; an address that cannot be loaded is an error."""
        result = self.call('Page.navigate', url=address)
        if result.get('errorText'):
            raise PageError(f"{address}: {result['errorText']}")

    def reload(self) -> None:
        """Press refresh."""
        self.call('Page.reload')

    def close(self) -> None:
        """Close the tab."""
        self._browser._pages.remove(self)
        self._browser.call('Target.closeTarget', targetId=self._target)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, awaited, as if a user had caused it."""
        result = self.call(
            'Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True,
            userGesture=True)
        if 'exceptionDetails' in result:
            details = result['exceptionDetails']
            raise PageError(details.get('exception', {}).get('description') or details['text'])
        return result['result'].get('value')

    def press(self, label: str) -> bool:
        """Click with the mouse on the button of this label; False where there is none."""
        place = self.evaluate(f"""(() => {{
          const button = [...document.querySelectorAll('button')].find(
            each => each.innerText === {json.dumps(label)});
          if (!button) return null;
          button.scrollIntoView({{block: 'center'}});
          const box = button.getBoundingClientRect();
          return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        if place is None:
            return False
        for kind in ('mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=place[0], y=place[1],
                      button='left', clickCount=1)
        return True

    def picture(self) -> Image.Image:
        """Return what is seen."""
        data = self.call('Page.captureScreenshot', format='png')['data']
        return Image.open(io.BytesIO(base64.b64decode(data))).convert('RGB')

    def wait_for(self, expression: str, timeout_s: float = 15.0) -> Any:
        """Wait until an expression is true; documents may change meanwhile."""
        return wait_until(lambda: self._quietly(expression), timeout_s, expression)

    def screenshot(self, path: Path) -> None:
        """Write what is seen as a PNG file."""
        self.picture().save(path)

    def _quietly(self, expression: str) -> Any:
        try:
            return self.evaluate(expression)
        except PageError:
            return None


def wait_until(condition: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """Return what a condition returns once it is true."""
    deadline_s = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline_s:
            raise PageError(f'not true after {timeout_s:g} s: {what}')
        time.sleep(0.03)
    return value
