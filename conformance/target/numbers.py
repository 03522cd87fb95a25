"""Telephone numbers that reach nobody.

Sources: NANP 555-0100 to 555-0199 in every area code (ATIS-0300115); ARCEP's ranges for audiovisual works (decision
2018-0881, 2.5.12); Ofcom's numbers for drama use; ComReg's 020 91x xxxx and ACMA's 5550 xxxx and 7010 xxxx for the
same. `+999` is a country code that ITU-T E.164 assigns to nobody, so that deployments may refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


@dataclass(frozen=True)
class Range:
    """Numbers `prefix` + `width` free digits + `suffix`, all written without `+`."""

    prefix: str
    width: int

    def draw(self, rng: random.Random) -> str:
        return f"+{self.prefix}{rng.randrange(10**self.width):0{self.width}d}"

    def holds(self, digits: str) -> bool:
        return len(digits) == len(self.prefix) + self.width and digits.startswith(self.prefix)


AREA_CODES = tuple(str(n) for n in range(201, 1000) if n % 100 != 11 and n // 10 % 10 != 9)  # noqa: PLR2004 - N11, N9X
FRENCH = tuple(Range(f"33{national}", 4) for national in ("19900", "26191", "35301", "46571", "53649", "63998"))
BRITISH = (Range("447700900", 3), Range("442079460", 3))
IRISH = Range("3532091", 5)
AUSTRALIAN = tuple(Range(f"61{area}{exchange}", 4) for area in "2378" for exchange in ("5550", "7010"))
UNASSIGNED = Range("999", 9)
_NATIONAL = (*FRENCH, *BRITISH, IRISH, *AUSTRALIAN)
_WIDE = (*FRENCH, IRISH, *AUSTRALIAN)
"""Ranges with many different last eight digits; the American and British ones have a thousand each."""
TAIL = 8
"""Final digits by which some deployments match contacts."""


def is_fictional(number: str) -> bool:
    """Whether an E.164 number (with or without `+`) lies in a range that reaches nobody."""
    digits = number.removeprefix("+")
    american = len(digits) == 11 and digits[0] == "1" and digits[4:9] == "55501"  # noqa: PLR2004
    return american or digits.startswith(UNASSIGNED.prefix) or any(r.holds(digits) for r in _NATIONAL)


def variants(digits: str) -> list[str]:
    """The spellings that Wacrm tries when Meta does not know a number: `0` put after, or taken from, a country code of
    one, two or three digits (Meta fact sheet, 1.2); the number itself first.
    """
    found = [digits]
    for length in (1, 2, 3):
        code, rest = digits[:length], digits[length:]
        found.append(code + rest.removeprefix("0") if rest.startswith("0") else f"{code}0{rest}")
    return found


def digits(number: object) -> str:
    """A number as Meta compares it: to Meta it may be written with a plus, spaces and brackets."""
    return "".join(character for character in str(number) if character.isdigit())


def tail(number: str) -> str:
    """The digits that no two numbers of a run have in common, unless a check asks for such a pair."""
    return number[-TAIL:]


class Numbers:
    """Draws numbers that this run has not drawn before, and that differ from all drawn before in their last eight digits.

    So a deployment that matches contacts by the end of their number (CONT-10) does not confuse other checks. `known`
    answers whether the target already knows a number; a deployment that is tested again and again does.
    `drawn` are the tails of all numbers drawn in a process; `share` = (index, workers) keeps processes apart.
    """

    def __init__(
        self,
        rng: random.Random,
        drawn: set[str] | None = None,
        known: Callable[[str], bool] = lambda _number: False,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self._rng, self._known, self._share = rng, known, share
        self._drawn = set() if drawn is None else drawn

    def fresh(self) -> str:
        """A number in E.164 with `+`, new to this run and to the target."""
        return self._new(self._draw)

    def _new(self, draw: Callable[[], str]) -> str:
        for _ in range(1000):
            number = draw()
            if self._free(number):
                self._drawn.add(tail(number))
                return number
        raise RuntimeError("the ranges reserved for fiction are used up on this target; clear its test contacts")

    def of_each_country(self) -> list[str]:
        """Fresh numbers: American, French, a British mobile and a British land line."""
        abroad = [self._new(partial(one.draw, self._rng)) for one in (self._rng.choice(FRENCH), *BRITISH)]
        return [self._new(self._american), *abroad]

    def many(self, count: int) -> list[str]:
        """`count` different numbers for a broadcast; the target may know some of them."""
        numbers: dict[str, str] = {}
        while len(numbers) < count:
            number = self._draw()
            if tail(number) not in self._drawn and self._mine(number):
                numbers.setdefault(tail(number), number)
        self._drawn.update(numbers)
        return list(numbers.values())

    def sharing_tail(self) -> tuple[str, str]:
        """Two different fresh numbers with the same last nine digits."""
        for _ in range(1000):
            end = f"{self._rng.choice('23456789')}{self._rng.choice('2345678')}55501{self._rng.randrange(100):02d}"
            first, second = (f"+1{lead}{end}" for lead in self._rng.sample("23456789", 2))
            if self._free(first) and self._free(second):
                self._drawn.add(tail(first))
                return first, second
        raise RuntimeError("no two free numbers share nine digits on this target; clear its test contacts")

    def differing_in_country(self) -> tuple[str, str]:
        """Two fresh numbers with one national part, in +1 and in an unassigned country code."""
        american = self._new(self._american)
        return american, f"+{UNASSIGNED.prefix}{american[2:]}"

    def _mine(self, number: str) -> bool:
        index, workers = self._share
        return int(number[-2:]) % workers == index

    def _free(self, number: str) -> bool:
        return self._mine(number) and tail(number) not in self._drawn and not self._known(number)

    def _american(self) -> str:
        return f"+1{self._rng.choice(AREA_CODES)}55501{self._rng.randrange(100):02d}"

    def _draw(self) -> str:
        chance = self._rng.random()
        if chance < 0.05:  # noqa: PLR2004 - few differ in their last eight digits
            return self._american()
        return self._rng.choice(BRITISH if chance < 0.1 else _WIDE).draw(self._rng)  # noqa: PLR2004
