"""Forms of texts that have a name, as regular expressions that match in full."""

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
FORMATS = {
    "email": r"[^@\s]+@[^@\s.]+([.][^@\s.]+)+",
    "uuid": "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+",
    "hostname": f"{LABEL}([.]{LABEL})*",
    "ipv4": "((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])([.]|$)){4}",
    "ipv6": "[0-9a-fA-F:.]*:[0-9a-fA-F:.]*",
    "phone": "[+][1-9][0-9]{6,14}",
}
