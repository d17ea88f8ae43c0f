# SPDX-License-Identifier: GPL-3.0-or-later
"""The application in another language: what a script knows in English, as the window says it.

With $SHOTS_LANGUAGE=de, `speak(BUILD)` makes the programs started from here speak German, and the helpers of uit and desk look for
the German words. Nothing changes without it.
"""

import gettext
import os
import re
import subprocess

import uit

COUNTRY = {'de': 'de_DE', 'it': 'it_IT'}
PLACE = r'%[-.0-9]*(?:ll)?[a-zA-Z]'
# What is said in English, and in the language; once for each context in which it stands.
messages = []


def plain(message):
    """A message as it is read on the screen: without what marks the access key."""
    return message.replace('_', '').removesuffix('…').rstrip('\u00a0 ')


def speak(build):
    """Takes the language of the environment for everything that follows."""
    language = os.environ.get('SHOTS_LANGUAGE')
    if not language:
        return
    with open(f'{build}/po/{language}/LC_MESSAGES/sparekey.mo', 'rb') as file:
        catalogue = gettext.GNUTranslations(file)._catalog
    for key, text in catalogue.items():
        message, number = key if isinstance(key, tuple) else (key, None)
        if message and number != 0:    # of a plural, the form for many
            messages.append((message.split('\x04')[-1], text))
    os.environ['LANGUAGE'] = language
    # Dates and times come from the system's locale, which is made here if its sources are there.
    locale = COUNTRY.get(language, language) + '.UTF-8'
    folder = os.path.join(os.environ['TEST_SESSION'], 'locale')
    os.makedirs(folder, exist_ok=True)
    if subprocess.run(['localedef', '-i', COUNTRY.get(language, language), '-f', 'UTF-8', f'{folder}/{locale}'], capture_output=True,
                      check=False).returncode == 0:
        os.environ |= {'LOCPATH': folder, 'LC_ALL': locale}
    uit.ways = ways


def ways(words):
    """WORDS, all or the beginning or a part of a message, as the application says them; what is no message stays. Two messages
    that differ in their access keys alone may be translated differently."""
    if not words or not messages:
        return [words]
    found = [plain(text) for message, text in messages if plain(message) == plain(words)]
    if found:
        return found
    for message, text in messages:
        pattern = ''.join('(.+)' if re.fullmatch(PLACE, part) else re.escape(part) for part in re.split(f'({PLACE})', message))
        match = '%' in message and len(re.sub(PLACE, '', message).strip()) > 4 and re.fullmatch(pattern, words)
        if match:
            values = iter(match.groups())
            found.append(re.sub(PLACE, lambda _: next(values), text))
        elif words in plain(message):
            parts = [part.strip(' …\u00a0') for part in re.split(PLACE, plain(text))]
            found.append(parts[0] if plain(message).startswith(words) and len(parts[0]) > 4 else max(parts, key=len))
    return found or [words]


def access_key(label):
    """What presses the button with that label, such as "alt+c"."""
    for message, text in messages:
        if '_' in message and plain(message) == label.replace('_', ''):
            return 'alt+' + text.split('_')[1][0].lower()
    return 'alt+' + label.split('_')[1][0].lower()
