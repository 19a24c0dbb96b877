"""Words from home that may mean: this person needs help now. In English and Spanish, read without accents.

A false alarm is preferred to a missed one: words that deny or remember ("no chest pain", "she had chest pain") are
found as well, since a team that looks once too often loses a minute. Nothing is decided by this: the writer is told at
once whom to call, and the team sees the note before all others.

The signs are those that public emergency advice names (heart attack, stroke, breathing, bleeding, poisoning, allergic
shock, unconsciousness, seizures, labour) and those of a crisis of mind (988 Suicide & Crisis Lifeline).
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

WORDS_READ_MAX: Final = 20_000
"""Characters of a note that are read: as many as a text may hold."""


class Help(StrEnum):
    """Which help the words may ask for."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    """Words of suicide or of hurting somebody: the emergency number, or the crisis line."""


_CRISIS: Final = (
    r"(want|wants|wanted|going|ready) to die",
    r"kill(ing)? (my|her|him|your|them)sel(f|ves)",
    r"suicid",
    r"(end|ending|take|taking) (my|her|his|their|your) (own )?life",
    r"(hurt|harm|cut)(ing|ting)? (my|her|him|them)sel(f|ves)",
    r"better off dead",
    r"no reason to live",
    r"quier[oe]s? morir",
    r"(no quier[oe]|sin ganas de) vivir",
    r"matar(me|se|lo|la)\b",
    r"quitar(me|se) la vida",
    r"hacer(me|se) dano",
)

_EMERGENCY: Final = (
    r"(chest|heart) ?(pain|pains|pressure|tightness|hurts?|attack)",
    r"(pain|pressure|tightness|burning)( is)? (in|on|across) (my|her|his|the|their) (chest|left arm|jaw)",
    r"chest (is |feels )?(tight|heavy|crushing)",
    r"(can ?'?t|cannot|can not|could ?n'?t|unable to|not able to|hard to|trouble|struggl\w+( to)?|difficulty)"
    r" breath\w*",
    r"(short|shortness) of breath|not breathing|stopped breathing|gasping|choking|turning blue|blue lips",
    r"(face|mouth)( is| was)? (droop\w*|crooked|hanging)|droop\w* (face|mouth)",
    r"(arm|leg|side|face)( is| feels| went| suddenly)* (weak|numb|limp|paraly\w+)",
    r"slur\w*|(can ?'?t|cannot) (speak|talk|move)|speech (is )?(strange|slow|garbled)",
    r"worst headache|thunderclap|sudden(ly)? (blind|confus\w+)",
    r"faint\w*|pass(ed|ing) out|unconscious|collaps\w+|unrespons\w+|(won ?'?t|does ?n'?t|can ?'?t|cannot) wake",
    r"(heavy|bad|severe|lots? of) bleed\w*|bleed\w* (a lot|heavily|badly)",
    r"bleeding (that )?(won ?'?t|does ?n'?t|will not)",
    r"(vomit\w*|throwing up|cough\w*( up)?) blood|black stools?",
    r"overdos\w*|took (too many|all (of )?(the|her|his|my|their)|a double dose)|poison\w*",
    r"(lips?|throat|tongue|face)( is| are)? (swollen|swelling|closing)|swollen (lips?|throat|tongue|face)|anaphyla\w*",
    r"baby( is|'s)? (not|no longer) moving|baby has ?n'?t moved|baby stopped moving",
    r"seizure|convuls\w+",
    r"dolor (de|en el) (pecho|corazon)|(presion|opresion) en el pecho|(pecho|corazon) (le |me )?(duele|aprieta)"
    r"|(duele|aprieta) el (pecho|corazon)|infarto|ataque al corazon",
    r"no (puedo|puede|logra) respirar|cuesta respirar|falta (de |el )?aire|se (ahoga|asfixia)|me ahogo|no respira",
    r"(cara|boca) (caida|torcida|chueca)|(brazo|pierna|lado) (debil|dormid[oa]|paralizad[oa])"
    r"|habla (rar[oa]|arrastrad[oa]|enredad[oa])|no (puede|puedo) (hablar|moverse|moverme)",
    r"(peor|fuerte) dolor de cabeza",
    r"desmay\w*|inconsciente|no (despierta|responde|reacciona)",
    r"sangr(a|o|ando|ado|e) mucho|hemorragia|(vomit\w*|tos\w*) (con )?sangre|no (para|deja) de sangrar",
    r"sobredosis|tom[oe] demasiad[oa]s?|envenen\w*",
    r"(labios|garganta|lengua|cara) (hinchad[oa]s?|se (le |me )?(hincha|cierra)\w*)|se (le |me )?cierra la garganta",
    r"bebe (no|ya no) se mueve",
    r"convulsi\w+",
)

_FOUND: Final = {
    Help.CRISIS: re.compile("|".join(rf"\b(?:{each})" for each in _CRISIS)),
    Help.EMERGENCY: re.compile("|".join(rf"\b(?:{each})" for each in _EMERGENCY)),
}


def help_needed(words: str) -> frozenset[Help]:
    """Return which help the words may ask for; empty for words without a sign."""
    plain = _plain(words[:WORDS_READ_MAX])
    return frozenset(kind for kind, pattern in _FOUND.items() if pattern.search(plain))


def _plain(words: str) -> str:
    """Return the words in lower case without accents, with one blank between them and straight apostrophes."""
    folded = unicodedata.normalize("NFKD", words).casefold()
    bare = "".join(each for each in folded if not unicodedata.combining(each))
    return " ".join(re.sub(r"[\u2018\u2019\u02bc\u00b4`]", "'", bare).split())
