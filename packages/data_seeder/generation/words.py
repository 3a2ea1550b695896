"""The words that names are made of."""

AGENCIES = (
    "Harbour Relief",
    "Nordlicht Beratung",
    "Casa del Río",
    "Open Door",
    "Riverside Housing",
    "Maison des Familles",
    "Elm Street Legal Aid",
    "Sjömansgården",
    "Bridge to Work",
    "Dom Nadziei",
    "St. Brigid's",
    "Zweite Chance",
)
FIRST_NAMES = (
    "Ada", "Amara", "Björn", "Carmen", "Chidi", "Dilnoza", "Eun-ji", "Fatima",
    "Grace", "Hamid", "Inés", "Jürgen", "Katarzyna", "Linh", "Mateo", "Noor",
    "Oksana", "Pádraig", "Quentin", "Rosa", "Seán", "Tomáš", "Ursula", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Bergström", "Costa", "Dvořák", "Eriksen", "Fernández", "García",
    "Haddad", "Ito", "Jansen", "Kowalska", "Lindqvist", "Mbeki", "Nguyen",
    "O'Brien", "Petrov", "Quispe", "Rossi", "Schäfer", "Tanaka", "Ueda",
    "van Dijk", "Weiß", "Yilmaz",
)  # fmt: skip
TITLES = (
    "Case file",
    "Housing application",
    "Asylum interview",
    "Benefit review",
    "School enrolment",
    "Medical records",
    "Lease",
    "Bank statements",
)
CSV = "text/csv"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
JPEG = "image/jpeg"
PDF = "application/pdf"
PLAIN = "text/plain"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = (
    ("scan.pdf", "", PDF),
    ("IMG_", ".jpg", JPEG),
    ("IMG_", ".heic", "image/heic"),
    ("passport-", ".png", "image/png"),
    ("bank statement ", ".pdf", PDF),
    ("Lease Agreement (signed) v", ".docx", DOCX),
    ("hours_", ".xlsx", XLSX),
    ("export-", ".csv", CSV),
    ("notes ", ".txt", PLAIN),
    ("letter from the council, no. ", ".pdf", PDF),
    ("Überweisung März ", ".pdf", PDF),
    ("factura nº ", ".pdf", PDF),
)
"""What stands before and after a number in a file name, and the media type.

Without what stands after it there is no number.
"""

HOSTILE_FILES = (
    ("契約書 ", ".pdf", PDF),
    ("резюме ", ".docx", DOCX),
    ("été \N{SUN WITH FACE} ", ".jpg", JPEG),
    ("2026/", "/invoice.pdf", PDF),
    ("..", "", ""),
    ("", "", ""),
    ("tab\tand\nline ", ".txt", PLAIN),
    ("back\\slash ", ".txt", PLAIN),
    ('100% & more + "quotes" #', "?.pdf", PDF),
    ("a-very-long-name-" + "x" * 240, ".pdf", PDF),
)
"""File names that are hard on tools."""
