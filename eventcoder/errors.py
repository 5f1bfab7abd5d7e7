"""One exception that a user can act on."""


class EventcoderError(Exception):
    """What went wrong and what to do next, in one line; the CLI prints it and exits with 1."""
