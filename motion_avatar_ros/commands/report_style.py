# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a report looks: on a light and on a dark screen, and on paper."""

from __future__ import annotations

_LIGHT = ('#2a6fb0', '#d9730d', '#2e8b57', '#b03a6f', '#7a5cc0', '#0f8f94', '#9a6b16', '#5b6470')
_DARK = ('#6aa9e6', '#f2a254', '#67c08f', '#e07fae', '#ac94ec', '#57c2c6', '#d3a64f', '#a3acb8')


def _colours(values: tuple[str, ...]) -> str:
    return ''.join(f'--c{number}:{value};' for number, value in enumerate(values))


_SERIES = ''.join(
    f'.c{number}{{fill:var(--c{number});background:var(--c{number})}}'
    f'.s{number}{{stroke:var(--c{number})}}' for number in range(len(_LIGHT)))

STYLE = f"""
:root {{ color-scheme: light; --ground: #fff; --ink: #1d2127; --muted: #5e6670; --rule: #d9dde2;
  --best: #eaf2fb; {_colours(_LIGHT)} }}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ color-scheme: dark; --ground: #16191d; --ink: #e6e9ed; --muted: #9aa3ad;
    --rule: #343a42; --best: #20303f; {_colours(_DARK)} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 1160px; padding: 24px; background: var(--ground);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }}
h1 {{ font-size: 26px; margin: 0 0 4px; }}
h2 {{ font-size: 19px; margin: 36px 0 10px; }}
h3 {{ font-size: 15px; margin: 0 0 8px; }}
p {{ max-width: 75ch; margin: 0 0 12px; }}
.note {{ color: var(--muted); }}
.warning {{ border-left: 4px solid var(--c1); padding-left: 10px; }}
.scroll {{ overflow-x: auto; margin-bottom: 12px; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 4px 14px 4px 0; text-align: left; border-bottom: 1px solid var(--rule);
  vertical-align: top; overflow-wrap: break-word; }}
th {{ font-weight: 600; }}
td:first-child {{ white-space: nowrap; }}
td.n, th.n {{ text-align: right; padding: 4px 8px; white-space: nowrap; }}
th.n {{ white-space: normal; min-width: 92px; }}
th small {{ display: block; font-weight: 400; color: var(--muted); }}
td.best {{ background: var(--best); font-weight: 600; }}
.charts {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr));
  gap: 28px 32px; }}
.wide {{ grid-template-columns: repeat(auto-fill, minmax(min(460px, 100%), 1fr)); }}
figure {{ margin: 0 0 16px; break-inside: avoid; }}
svg {{ max-width: 100%; height: auto; display: block; overflow: visible; }}
svg text {{ font: 12px system-ui, sans-serif; fill: var(--ink); }}
svg text.muted {{ fill: var(--muted); }}
svg text.number {{ font-variant-numeric: tabular-nums; }}
.grid {{ stroke: var(--rule); }}
.reference {{ stroke: var(--muted); stroke-dasharray: 3 3; }}
rect {{ fill-opacity: 0.75; }}
.whisker {{ stroke: var(--ink); stroke-width: 1.2; fill: none; }}
.curve {{ fill: none; stroke-width: 2; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; padding: 0;
  list-style: none; font-size: 13px; }}
.chip {{ display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 6px;
  vertical-align: -1px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
{_SERIES}
@media print {{ body {{ max-width: none; padding: 0; font-size: 11px; }}
  h2, h3 {{ break-after: avoid; }} table {{ max-width: 100%; }}
  td.n, th.n {{ padding: 3px 4px; min-width: 0; }} th.n {{ overflow-wrap: anywhere; }}
  tr {{ break-inside: avoid; }} .scroll {{ overflow: visible; }}
  .charts {{ grid-template-columns: repeat(2, 1fr); }} }}
"""
