"""The fast form of private programs: Python code objects, made once and kept.

Responsible for: writing circuits as straight-line assignments and unconstrained functions as functions of
Python, one for each place where a jump may lead, as long as the way is clear.
Not for: semantics of its own. Whatever the code was not made for, every failure included, it hands over to
the plain interpreters before the opcode in question; results and errors equal theirs.
"""

__all__: list[str] = []
