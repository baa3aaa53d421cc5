"""The local exchange: Bitget's classic perpetual protocol on loopback, over a matching core without I/O.

Layers, each importing only those above it: matching core (`path` to `exchange`), market (`source` to `market`),
protocol (`signing` to `server`). Nothing here imports the engine: this folder judges it.
"""
