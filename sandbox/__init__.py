"""The local exchange: Bitget's protocols for perpetuals on loopback, over a matching core without I/O.

Layers, each importing only those above it: matching core (`path` to `exchange`), market (`source` to `market`),
protocol (`signing` to `server`; the unified account's in `unified`). Nothing here imports the engine: this folder
judges it.
"""
