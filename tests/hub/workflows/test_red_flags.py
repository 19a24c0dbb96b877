"""Words from home that may mean an emergency."""

import pytest

from hub.workflows.red_flags import WORDS_READ_MAX, Help, help_needed


@pytest.mark.parametrize(
    "words",
    [
        "She has chest pain and cannot breathe right now",
        "He says there is pressure in his chest",
        "my chest feels tight",
        "I can’t breathe lying down",
        "She CAN'T   BREATHE",
        "he is short of breath since noon",
        "Her face is drooping and her arm is weak",
        "his speech is garbled, he is slurring",
        "The worst headache of my life",
        "mom fainted in the kitchen",
        "She won't wake up",
        "he is bleeding a lot",
        "vomiting blood since this morning",
        "I think she took too many of the white pills",
        "her lips are swollen after the new pill",
        "the baby is not moving today",
        "Dad had a seizure",
        "No chest pain today",
        "She had chest pain last week",
        "Tiene dolor de pecho",
        "le duele el pecho",
        "No puede respirar",
        "Mamá tiene la cara caída y el brazo débil",
        "habla raro",
        "Se desmayó en la cocina",
        "está sangrando, sangra mucho",
        "tiene los labios hinchados",
        "El bebé no se mueve",
    ],
)
def test_a_sign_of_an_emergency_is_found(words: str) -> None:
    assert Help.EMERGENCY in help_needed(words)


@pytest.mark.parametrize(
    "words",
    ["I want to die", "she talks of killing herself", "He said he would end his life", "Quiere morir", "quiero matarme",
     "thinking about suicide", "Mi hijo habla de suicidarse"],
)  # fmt: skip
def test_words_of_a_crisis_are_found(words: str) -> None:
    assert Help.CRISIS in help_needed(words)


@pytest.mark.parametrize(
    "words",
    [
        "When is her next appointment?",
        "She walked to the mailbox without stopping and breathed easily",
        "The water pill makes her get up at night",
        "Blood pressure was 128 this morning",
        "¿Cuándo es la próxima visita?",
        "Her arms hurt a little after gardening",
        "She is faithful about her pills",
        "Can we bake for the church?",
        "",
    ],
)
def test_everyday_words_are_no_alarm(words: str) -> None:
    assert help_needed(words) == frozenset()


def test_the_longest_note_is_read_to_its_end() -> None:
    assert help_needed("a " * (WORDS_READ_MAX // 2 - 10) + "chest pain") == {Help.EMERGENCY}
