"""The command line: open an incident, record a step, rehearse a case, run everything on this machine.

Exit codes: 0 done; 1 refused, or an expectation was not met; 2 what was given is wrong; 3 Temporal or the register
is away.
"""

from __future__ import annotations

import gc
import signal

if __name__ == "__main__":
    # Ctrl-C while the rest is loaded, which takes a moment, ends it at once and without a stack trace.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What is loaded stays. Looking through it for garbage, again and again, takes a fifth of the moment.
    gc.disable()

import typer

from commands import files, operations, people

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(files.app)
app.add_typer(operations.app)
app.add_typer(operations.holidays, name="holidays")
app.add_typer(people.directory, name="directory")
app.add_typer(people.account, name="account")

if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()
