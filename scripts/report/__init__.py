"""Results of backtests for people and programs: tables, JSON, one HTML file.

``page.html.j2``, ``page.css``, ``page.js`` are the file's parts; ``uplot.min.js`` and ``uplot.min.css`` draw its charts
(uPlot 1.6.32, MIT, ``uplot.LICENSE``), and stand inside it, so that it needs no network.
"""
