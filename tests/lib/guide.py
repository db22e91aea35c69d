"""The fenced blocks of a document, so that tests do what it says."""

import re

from lib import place


def blocks(name):
    """All of them in their order: (what the fence says, text)."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", (place.TOP / name).read_text(), re.M | re.S)


def block(name, kind):
    """The only block with this fence."""
    found = [text for fence, text in blocks(name) if fence == kind]
    assert len(found) == 1, f"{name} has {len(found)} blocks {kind}"
    return found[0]
