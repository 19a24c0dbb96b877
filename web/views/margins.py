"""The margins of a printed plan as a style sheet: only there can a sheet say its number, and whose it is."""

from web.views.banner import Banner


def margin_rules(banner: Banner, printed: str, by: str) -> str:
    """Return the rules of ``@page``. Every word of the plan goes through ``css_string``."""
    of, born = banner.allergies, f"Born {banner.born} ({banner.age})"
    substances = ", ".join(f"{name} ({reaction})" if reaction else name for name, reaction in of.substances)
    who = _beside(banner.name, born, banner.gender, f"MRN {banner.number}")
    safety = _beside(f"{of.status} {substances}".strip(), banner.watcher, banner.code_status.capitalize())
    foot = f"Printed {printed} by {by}. Ask for a new copy when anything changes."
    face = "font: 8.5pt 'Noto Sans', Arial, sans-serif; color: #000; white-space: pre-wrap;"
    return f"""@page {{
  margin: 20mm 13mm 14mm;
  @top-left {{ content: {css_string(who)} "\\A" {css_string(safety)}; {face} font-weight: 600; width: 75%; }}
  @top-right {{ content: "Care plan, page " counter(page) " of " counter(pages); {face} }}
  @bottom-left {{ content: {css_string(foot)}; {face} width: 90%; }}
}}
"""


def _beside(*words: str) -> str:
    return "   ".join(filter(None, words))


def css_string(words: str) -> str:
    """Return the words as one string of CSS: all but letters and digits as code points, so that nothing ends it."""
    return '"' + "".join(each if each.isascii() and each.isalnum() else f"\\{ord(each):06x}" for each in words) + '"'
