"""What the settings are made of that the control shows and changes: their base class, and the kinds of numbers in them."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _both_ends(given: object) -> object:
    """A number is both ends of a range."""
    return given if isinstance(given, list | tuple) else (given, given)


def _forwards(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError(f"the range {list(span)} is backwards")
    return span


Positive = Annotated[int, Field(ge=1)]
PositiveSeconds = Annotated[float, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0, le=7 * 86400)]
Span = Annotated[tuple[Seconds, Seconds], BeforeValidator(_both_ends), AfterValidator(_forwards)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Setting(BaseModel):
    """Settings that one control call reads and changes. Unknown members are refused; null leaves a member as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:  # noqa: ANN401  # JSON
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given
