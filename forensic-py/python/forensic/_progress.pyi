"""Long work: outside the interpreter's lock, watched by a callback, ended by it or by Ctrl-C."""

from typing import Callable

Progress = Callable[[int, int], object]
"""Called with what is done and what there is in all; work ends when it returns False or raises."""
