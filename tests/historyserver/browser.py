"""A real Chromium without a window, by the DevTools protocol over a pipe."""

import base64
import json
import os
import subprocess
import threading
from collections import defaultdict
from pathlib import Path

from live.leftovers import mark
from live.waiting import wait_until

PROGRAM = "chromium"
# Of one step of a page on a busy machine. Nothing waits for it to pass.
PATIENCE_SECONDS = 40


class Browser:
    def __init__(self, program, folder, width=1280, height=1080):
        self.folder = Path(folder)
        to_browser, commands = os.pipe()
        answers, from_browser = os.pipe()
        # It reads from 3 and writes to 4.
        with open(self.folder / "chromium.log", "wb") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}', program, "--headless=new",
                 "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-extensions", "--hide-scrollbars", f"--window-size={width},{height}",
                 f"--user-data-dir={self.folder / 'profile'}"],
                stdout=log, stderr=log, pass_fds=(to_browser, from_browser),
                env={**os.environ, **mark(self.folder), "HOME": str(self.folder)},
            )
        os.close(to_browser)
        os.close(from_browser)
        self._commands = os.fdopen(commands, "wb")
        self._answers = os.fdopen(answers, "rb")
        self._lock = threading.Lock()
        self._last = 0
        self._done = {}
        self._pages = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        rest = b""
        while block := self._answers.read1(1 << 16):
            *messages, rest = (rest + block).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._done[message["id"]] = message
                elif page := self._pages.get(message.get("sessionId")):
                    page.heard(message["method"], message["params"])

    def ask(self, method, session=None, **parameters):
        with self._lock:
            self._last += 1
            number = self._last
            command = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
            self._commands.write(json.dumps(command).encode() + b"\0")
            self._commands.flush()
        answer = wait_until(lambda: self._done.pop(number, None), f"{method}; see {self.folder}/chromium.log", PATIENCE_SECONDS)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def open(self, address):
        return Page(self, address)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self._commands.close()


class Page:
    """What it asked for and what went wrong is in `requests` and `mistakes` until `fresh` empties both."""

    def __init__(self, browser, address):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.requests, self.mistakes, self._under_way = [], [], {}
        browser._pages[self.session] = self
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.go(address)

    def ask(self, method, **parameters):
        return self.browser.ask(method, session=self.session, **parameters)

    def go(self, address):
        self.ask("Page.navigate", url=address)

    def fresh(self):
        self.requests, self.mistakes = [], []

    def heard(self, event, what):
        if event == "Network.requestWillBeSent":
            self._under_way[what["requestId"]] = what["request"]["url"]
            self.requests.append(what["request"]["url"])
        elif event in ("Network.loadingFinished", "Network.loadingFailed"):
            url = self._under_way.pop(what["requestId"], None)
            if event == "Network.loadingFailed" and not what.get("canceled"):
                self.mistakes.append(f"{url}: {what['errorText']}")
        elif event == "Network.responseReceived" and what["response"]["status"] >= 400:
            self.mistakes.append(f"{what['response']['url']}: {what['response']['status']}")
        elif event == "Log.entryAdded" and what["entry"]["source"] == "security":
            self.mistakes.append(f"policy: {what['entry']['text']}")
        elif event == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.mistakes.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
        elif event == "Runtime.consoleAPICalled" and what["type"] == "error":
            said = " ".join(str(each.get("value", each.get("description", ""))) for each in what["args"])
            self.mistakes.append(f"console: {said}")

    def run(self, script):
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def text(self):
        return self.run("document.body ? document.body.innerText : ''")

    def wait_for(self, *texts):
        """Until all of them are to be read on it, and nothing that it asked for is still under way."""
        def shown():
            text = self.text()
            return all(wanted in text for wanted in texts) and not self._under_way

        try:
            wait_until(shown, "the page", PATIENCE_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self.run('location.href')} lacks one of {texts}; it says: {self.text()[:3000]}; "
                                 f"wrong: {self.mistakes}; under way: {list(self._under_way.values())}") from None

    def click(self, text, icon=False):
        """The innermost visible element with just this text, or the icon nearest to it."""
        script = f"""(() => {{
          let found = [...document.querySelectorAll('a, button, [role=tab], [role=button], td, span, div, p, h4')]
            .filter(each => each.innerText && each.innerText.trim() === {json.dumps(text)} && each.offsetParent).pop();
          while ({json.dumps(icon)} && found && !found.querySelector('svg')) found = found.parentElement;
          if (found && {json.dumps(icon)}) found = found.querySelector('svg');
          if (found) found.dispatchEvent(new MouseEvent('click', {{bubbles: true}}));
          return Boolean(found);
        }})()"""
        wait_until(lambda: self.run(script), f"{text!r} to click on", PATIENCE_SECONDS)

    def picture(self, path, height):
        """Of the upper part of what is seen."""
        clip = {"x": 0, "y": 0, "width": self.run("innerWidth"), "height": height, "scale": 1}
        data = self.ask("Page.captureScreenshot", format="png", clip=clip)["data"]
        Path(path).write_bytes(base64.b64decode(data))
