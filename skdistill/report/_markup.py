"""HTML in which nothing is markup but what this package wrote.

Names of columns and classes and estimators' reprs come from data. Elements are made by
`element` alone, which escapes every string in them, so no place can be forgotten.
"""

import html

__all__ = ["Markup", "element", "visible"]


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


def element(name: str, *children: object, **attributes: object) -> Markup:
    """Return an HTML or SVG element.

    Parameters
    ----------
    name : str
        Name of the element.
    *children : object
        Other elements as they are; anything else as an escaped string.
    **attributes : object
        ``class_`` is class, ``aria_label`` aria-label; None leaves one out.

    Returns
    -------
    Markup

    Examples
    --------
    >>> element("p", "a < b", element("b", "c"), class_="x")
    '<p class="x">a &lt; b<b>c</b></p>'
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(
        child if isinstance(child, Markup) else _escaped(child) for child in children
    )
    return Markup(f"<{name}{shown}>{inside}</{name}>")


def visible(value: object, keep: str = "") -> str:
    r"""Return a value as text whose control characters are spelled out.

    So no name moves the cursor of a terminal, breaks a table's line, or turns the
    direction of writing. `keep` are characters that stay as they are.

    Examples
    --------
    >>> visible("a\tb")
    'a\\tb'
    """
    return "".join(
        char
        if char.isprintable() or char in keep
        else char.encode("unicode_escape").decode()
        for char in str(value)
    )


def _escaped(value: object) -> str:
    return html.escape(visible(value, keep="\n"), quote=True)
