"""Codes who did what to whom in Arabic, Persian and English news."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventcoder.notebook import load as load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import what a notebook asks for when it does, so that importing the package stays light."""
    if name == "load":
        from eventcoder.notebook import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "load"])
