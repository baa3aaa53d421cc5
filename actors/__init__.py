"""The shells that own state and sockets: plain classes here, made into Ray actors in `actors.wiring` only."""
