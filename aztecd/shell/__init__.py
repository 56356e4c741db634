"""The wallet for the shell: `aztecd wallet ...` and `aztecd codegen`.

Responsible for what users type, what it means, and what they read. What a wallet does is in `aztecd.wallet`
and `aztecd.client`. Only `arguments` is imported before a command is known: `--help` and errors are quick.
"""

from aztecd.shell.arguments import add_codegen_command, add_wallet_commands

__all__ = ["add_codegen_command", "add_wallet_commands"]
