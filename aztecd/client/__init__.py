"""The SDK: contracts, accounts and deployments as Python objects, over a wallet.

Responsible for: everything between a Python program and a wallet. Not for: the wallet itself
(`aztecd.wallet`), private execution (`aztecd.pxe`).

Authority: @aztec/aztec.js src/{contract,deployment,fee,wallet,ethereum} (4.1.2).
"""
