"""The written form: what of the Open Data Contract Standard has a meaning here.

A contract is a document of that standard, version 3. What the standard has no word for
stands in its ``customProperties``: about a file in those of a server, about a table in
those of its schema, about a column in those of its property.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.contracts.model import Format, Policy, Sensitivity, Violation

VENDOR = "etl-platform"

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Step = Annotated[
    str,
    Field(pattern=r"^(trim|strip|collapse|lower|upper|nfc|digits|phone:[0-9]{1,3})$"),
]
OrderText = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*( (asc|desc))?$")]
Scalar = str | int | float | bool


class Strict(BaseModel):
    """A part of the document in which every name has to be known."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, coerce_numbers_to_str=True
    )


class FileFacts(Strict):
    """Custom properties of a server: how its files are read."""

    quote: str = Field('"', min_length=1, max_length=1, description="Quotes a field")
    escape: str = Field(
        '"', min_length=1, max_length=1, description="Stands before a quote in a field"
    )
    header: bool = Field(True, description="Whether the first line names the columns")
    skip: int = Field(0, ge=0, description="Lines in front of the header")
    records: str = Field("", description="Path to the records of a JSON document")
    pattern: str = Field(
        "", description="Regular expression with a named group for each column"
    )
    extra_columns: Policy = Field(
        "ignore",
        alias="extraColumns",
        description="What to do with a column that the contract does not name",
    )
    missing_columns: Policy = Field(
        "refuse",
        alias="missingColumns",
        description="What to do without a column that is not required",
    )
    line_limit: int = Field(
        16 * 1024**2,
        alias="lineLimit",
        gt=0,
        description="Bytes of a line, above which the file is refused",
    )
    expansion_limit: int = Field(
        64 * 1024**3,
        alias="expansionLimit",
        gt=0,
        description="Bytes to which a packed file may unpack",
    )


class TableFacts(Strict):
    """Custom properties of a schema: what becomes of its rows."""

    order: list[OrderText] = Field(
        [], description="Which row of a key is kept: the first, such as `updated desc`"
    )
    on_violation: Violation = Field(
        "quarantine_row",
        alias="onViolation",
        description="Whether a bad row keeps its whole file out",
    )
    threshold: float | None = Field(
        None, ge=0, le=1, description="Share of bad rows above which a run fails"
    )
    nulls: list[str] = Field([""], description="What spells no value")
    normalize: list[Step] = Field(["trim"], description="Steps for every column")


class Derivation(Strict):
    """A column made of another one."""

    source: Name = Field(alias="from", description="A date or a timestamp")
    part: Literal["year", "month", "day"] = Field(description="What is taken of it")


class Lookup(Strict):
    """Where the values of another dataset stand."""

    file: str = Field(description="A CSV file with a header, beside the contract")
    column: str = Field(description="The column of it")


class Truths(Strict):
    """How true and false are spelled, in any case."""

    true: list[str] = Field(min_length=1)
    false: list[str] = Field(min_length=1)


class ColumnFacts(Strict):
    """Custom properties of a property: how its values are written."""

    nulls: list[str] | None = Field(None, description="What spells no value")
    normalize: list[Step] | None = Field(None, description="Steps, in their order")
    formats: list[str] | None = Field(
        None, min_length=1, description="More than one format of dates or times"
    )
    decimal_point: Literal[".", ","] = Field(
        ".", alias="decimalPoint", description="The decimal mark"
    )
    thousands: str = Field(
        "", max_length=1, description="What groups digits: a point, comma, space"
    )
    remove: list[str] = Field([], description="Texts around a number, as a currency")
    truths: Truths | None = Field(None, description="How true and false are spelled")
    sensitivity: Sensitivity | None = Field(
        None, description="What becomes of a value that people must not read"
    )
    lookup: Lookup | None = Field(None, description="Values of another dataset")
    derive: Derivation | None = Field(
        None, description="The column is made of another one"
    )


class Custom(BaseModel):
    """One custom property, as the standard writes it."""

    model_config = ConfigDict(extra="ignore")

    property: str
    value: Any
    vendor: str | None = None


class Allowed(BaseModel):
    """One value of an enumeration."""

    model_config = ConfigDict(extra="ignore")

    value: Scalar


class Options(Strict):
    """``logicalTypeOptions``: what the standard itself says about a type."""

    format: str | None = None
    minimum: Scalar | None = None
    maximum: Scalar | None = None
    exclusive_minimum: Scalar | None = Field(None, alias="exclusiveMinimum")
    exclusive_maximum: Scalar | None = Field(None, alias="exclusiveMaximum")
    multiple_of: float | None = Field(None, alias="multipleOf", gt=0)
    min_length: int | None = Field(None, alias="minLength", ge=0)
    max_length: int | None = Field(None, alias="maxLength", ge=0)
    pattern: str | None = None
    timezone: bool | None = None
    default_timezone: str | None = Field(None, alias="defaultTimezone")


class Remark(BaseModel):
    """A check of quality in words; no other kind is carried out here."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text"]


class Element(Strict):
    """What the standard lets people say of a table or a column, without effect here."""

    name: Name
    id: str | None = None
    business_name: str | None = Field(None, alias="businessName")
    deprecated: bool | None = None
    description: str | None = None
    tags: list[str] = []
    synonyms: list[Any] = []
    authoritative_definitions: list[Any] = Field([], alias="authoritativeDefinitions")
    quality: list[Remark] = []
    custom_properties: list[Custom] = Field([], alias="customProperties")


class Property(Element):
    """A column."""

    logical_type: Literal[
        "string", "integer", "number", "boolean", "date", "timestamp", "object", "array"
    ] = Field("string", alias="logicalType")
    physical_type: str | None = Field(
        None,
        alias="physicalType",
        description="Of the table, such as decimal(12,2); bigint, double without one",
    )
    physical_name: str | None = Field(
        None,
        alias="physicalName",
        min_length=1,
        description="Name in the file, or path in a JSON record such as actor.login",
    )
    options: Options = Field(
        default_factory=lambda: Options.model_validate({}), alias="logicalTypeOptions"
    )
    required: bool = False
    unique: bool = False
    primary_key: bool = Field(False, alias="primaryKey")
    primary_key_position: int = Field(-1, alias="primaryKeyPosition")
    partitioned: bool = False
    partition_key_position: int = Field(-1, alias="partitionKeyPosition")
    enum: list[Allowed] = []
    classification: str | None = None
    critical_data_element: bool | None = Field(None, alias="criticalDataElement")
    semantic_type: str | None = Field(None, alias="semanticType")
    examples: list[Any] = []
    relationships: list[Any] = []
    transform_logic: str | None = Field(None, alias="transformLogic")
    transform_description: str | None = Field(None, alias="transformDescription")


class Table(Element):
    """A dataset."""

    logical_type: Literal["object"] = Field("object", alias="logicalType")
    physical_name: str | None = Field(None, alias="physicalName")
    physical_type: str | None = Field(None, alias="physicalType")
    granularity: str | None = Field(None, alias="dataGranularityDescription")
    properties: list[Property] = Field(min_length=1)
    relationships: list[Any] = []


class Server(Strict):
    """Where the bronze files are, and how they are read."""

    server: str
    type: Literal["s3", "local"]
    format: Format
    id: str | None = None
    location: str | None = None
    path: str | None = None
    endpoint_url: str | None = Field(None, alias="endpointUrl")
    encoding: str = "UTF-8"
    delimiter: str | None = Field(
        None, description="Of a CSV file; a comma without one"
    )
    description: str | None = None
    environment: str | None = None
    roles: list[Any] = []
    custom_properties: list[Custom] = Field([], alias="customProperties")


class Agreement(Strict):
    """A service level; ``freshness`` alone has an effect."""

    property: str
    value: Scalar | None
    unit: str | None = None
    element: str | None = None
    id: str | None = None
    value_ext: Any = Field(None, alias="valueExt")
    driver: str | None = None
    description: str | None = None
    schedule: str | None = None
    scheduler: str | None = None
    custom_properties: list[Custom] = Field([], alias="customProperties")


class Document(Strict):
    """A contract of one dataset."""

    api_version: Literal["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0"] = Field(
        alias="apiVersion"
    )
    kind: Literal["DataContract"]
    id: str
    version: str
    status: str
    name: str | None = None
    tenant: str | None = None
    domain: str | None = None
    data_product: str | None = Field(None, alias="dataProduct")
    description: Any = None
    tags: list[str] = []
    team: Any = None
    roles: list[Any] = []
    support: list[Any] = []
    price: Any = None
    authoritative_definitions: list[Any] = Field([], alias="authoritativeDefinitions")
    custom_properties: list[Any] = Field([], alias="customProperties")
    created: str | None = Field(None, alias="contractCreatedTs")
    servers: list[Server] = Field(min_length=1, max_length=1)
    tables: list[Table] = Field(alias="schema", min_length=1, max_length=1)
    agreements: list[Agreement] = Field([], alias="slaProperties")

    @classmethod
    def names_at(cls, place: tuple[int | str, ...]) -> set[str]:
        """Return the names that are known at a place of the document."""
        model: type[BaseModel] = cls
        for step in place:
            if isinstance(step, str):
                model = PARTS.get(step, model)
        return {field.alias or name for name, field in model.model_fields.items()}


PARTS: dict[str, type[BaseModel]] = {
    "servers": Server,
    "schema": Table,
    "properties": Property,
    "logicalTypeOptions": Options,
    "slaProperties": Agreement,
}
