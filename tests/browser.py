"""Pages in headless Chromium."""

import shutil
import subprocess


def find_browser():
    """Chromium, where it is more than a stub that asks to install it."""
    for name in ('chromium', 'chromium-browser'):
        path = shutil.which(name)
        if path and not subprocess.run([path, '--version'], capture_output=True,
                                       timeout=60).returncode:
            return path
    return None


BROWSER = find_browser()


def browse(address, folder, *arguments):
    """Open a page with a profile of its own; what Chromium printed."""
    return subprocess.run(
        [BROWSER, '--headless', '--no-sandbox', '--disable-gpu',
         '--disable-dev-shm-usage', '--enable-logging=stderr',
         '--window-size=1250,1600', f'--user-data-dir={folder}/profile',
         *arguments, address],
        capture_output=True, text=True, timeout=300, check=True)
