"""One file per operator's verb, found by file name.

A verb is a module with a docstring, whose first line describes it in the help, and
a function ``command(program, argv) -> int``. Only the verb that is called is
imported.
"""
