"""The HTTP and WebSocket face. Law: it speaks to `api.gateway.Gateway` and knows neither Ray nor SQL."""
