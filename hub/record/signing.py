"""The hub's Ed25519 key and what is signed with it: notes (C2SP signed-note) and files (a detached signature).

A signed note is a text that ends with a line feed, an empty line, and a line ``DASH NAME BASE64`` a signature, where
the base64 is the key's hash (4 bytes) and the signature over the text. A verifier key is ``NAME+HASH+BASE64`` with the
base64 of 0x01 and the public key. Files are signed as they are, which ``openssl pkeyutl`` checks without us.
"""

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

KEY_NAME: Final = "careplan-hub/journal"
"""Names the key in its notes, and the notes' origin."""

_ED25519: Final = b"\1"
_DASH: Final = "\u2014 "


class SigningError(Exception):
    """A key can't be used, or a signature is not what it says; the message is for who runs the hub."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half: what anyone needs to check."""

    name: str
    public: Ed25519PublicKey

    @property
    def raw(self) -> bytes:
        """The public key's 32 bytes."""
        return self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_hash(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    @property
    def text(self) -> str:
        """The key in one line, as ``verifier_key`` reads it."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(_ED25519 + self.raw).decode()}"

    @property
    def pem(self) -> bytes:
        """The key as OpenSSL reads it."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def checked(self, text: str, signatures: str) -> bool:
        """Whether one of the signature lines is this key's over the text."""
        start = f"{_DASH}{self.name} "
        for line in signatures.split("\n")[:-1]:
            try:
                packed = base64.b64decode(line.removeprefix(start), validate=True)
                if packed[:4] == self.key_hash and line == start + base64.b64encode(packed).decode():
                    self.public.verify(packed[4:], text.encode())
                    return True
            except (ValueError, InvalidSignature):
                continue
        return False

    def checked_bytes(self, content: bytes, signature: str) -> bool:
        """Whether the signature, in hexadecimal, is this key's over the content."""
        try:
            self.public.verify(bytes.fromhex(signature), content)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private half, with the name it signs under."""

    private: Ed25519PrivateKey
    name: str = KEY_NAME

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key())

    def signed(self, text: str) -> str:
        """Return the note: the text, which ends with a line feed and has no empty line, and its signature."""
        assert text.endswith("\n"), "a note's text ends with a line feed"
        assert "\n\n" not in text, "an empty line ends a note's text"
        packed = self.verifier.key_hash + self.private.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {base64.b64encode(packed).decode()}\n"

    def signature(self, content: bytes) -> bytes:
        """Return the detached signature of a file's content, 64 bytes."""
        return self.private.sign(content)


def verifier_key(text: str) -> VerifierKey:
    """Return the key that a line ``NAME+HASH+BASE64``, or a PEM file's text, holds.

    Raises:
        SigningError: it is neither.
    """
    if text.lstrip().startswith("-----BEGIN"):
        try:
            public = load_pem_public_key(text.encode())
        except ValueError as error:
            raise SigningError("This is not a public key in PEM.") from error
        if not isinstance(public, Ed25519PublicKey):
            raise SigningError("This public key is not of Ed25519.")
        return VerifierKey(KEY_NAME, public)
    name, _, rest = text.strip().partition("+")
    claimed, _, encoded = rest.partition("+")
    try:
        packed = base64.b64decode(encoded, validate=True)
        key = VerifierKey(name, Ed25519PublicKey.from_public_bytes(packed[1:]))
    except ValueError as error:
        raise SigningError("This is not a verifier key: NAME+HASH+BASE64, or a public key in PEM.") from error
    if packed[:1] != _ED25519 or key.key_hash.hex() != claimed:
        raise SigningError("The verifier key does not fit its own hash: it was cut or changed.")
    return key


def read_signing_key(path: Path) -> SigningKey:
    """Return the key in a PEM file (``openssl genpkey -algorithm ed25519``) that others may not read.

    Raises:
        SigningError: there is none, it is of another kind, or open to others.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SigningError(f"The signing key {path} is open to others. Run chmod 600 on it.")
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SigningError(
            f"There is no signing key that can be read at {path}. Make one: openssl genpkey -algorithm ed25519 "
            f"-out {path} && chmod 600 {path}"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningError(f"The signing key {path} is not of Ed25519.")
    return SigningKey(private)


def local_signing_key(path: Path) -> SigningKey:
    """Return the key of the file, made at first use and readable by its owner alone.

    Raises:
        SigningError: what is there can't be used.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return read_signing_key(path)
    key = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return SigningKey(key)
