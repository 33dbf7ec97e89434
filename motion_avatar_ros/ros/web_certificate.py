# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The self-signed certificate of the page for headsets: browsers give XR to secure pages only.

Made on first use for all names and addresses of this machine, together with its key in one file
that its owner alone can read. Made anew when it runs out, when it lacks an address that the
machine has now, or when others could have read the key. Names of before are kept, so that a
laptop that moves between two networks is not asked about again in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
import fcntl
import ipaddress
import os
from pathlib import Path
import re
import socket
import ssl
import struct
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.own_folder import own_folder

FILE_NAME = 'webxr_certificate_and_key.pem'
_VALID_DAYS = 825  # the longest that all browsers accept
_RENEW_BEFORE = timedelta(days=7)
_MAX_NAMES = 32
_OWNER_ONLY = 0o600
_SIOCGIFADDR = 0x8915
_HOST_NAME = re.compile(r'[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?')


class WebCertificateError(MotionAvatarError):
    """A certificate that cannot be read, made or used."""


def server_context(certificate: str, key: str, folder: Path | None = None) -> ssl.SSLContext:
    """
    Return the TLS settings of the server.

    Args:
        certificate, key: PEM files of the user's own; both empty: the self-signed one.
        folder: where the self-signed one is kept; None: `own_folder`.

    Raises:
        WebCertificateError: a file is missing or unusable, or one of two is not given.
    """
    if bool(certificate) != bool(key):
        raise WebCertificateError(
            "parameters 'certificate' and 'key' go together: give both, or none for a "
            'self-signed certificate')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(['http/1.1'])
    if not certificate:
        context.load_cert_chain(own_certificate(folder))
        return context
    try:
        context.load_cert_chain(certificate, key, password='')
    except (OSError, ssl.SSLError, ValueError) as error:
        raise WebCertificateError(
            f"certificate '{certificate}' with key '{key}': {error}; allowed: PEM files that "
            'belong together, the key without a password') from None
    return context


def own_certificate(folder: Path | None = None, names: Sequence[str] | None = None) -> Path:
    """
    Return the self-signed certificate, made or renewed if need be.

    Args:
        folder: where it is kept; None: `own_folder`.
        names: host names and addresses it must hold; None: those of this machine.

    Returns:
        A PEM file with key and certificate, mode 0600.

    Raises:
        WebCertificateError: it cannot be written.
    """
    folder = own_folder() if folder is None else folder
    path = folder / FILE_NAME
    names = machine_names() if names is None else names
    present = _readable_certificate(path)
    if present is not None and _is_good(present, names):
        return path
    before = () if present is None else certificate_names(present)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_privately(path, _made(tuple(dict.fromkeys((*names, *before)))[:_MAX_NAMES]))
    except OSError as error:
        raise WebCertificateError(
            f"the page's certificate cannot be written to '{folder}': {error}; give one by "
            "parameters 'certificate' and 'key', or set ROS_HOME to a folder of yours") from None
    return path


def certificate_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the host names and addresses that a certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*names.get_values_for_type(x509.DNSName),
            *map(str, names.get_values_for_type(x509.IPAddress)))


def machine_names() -> tuple[str, ...]:
    """Return what this machine may be called: local names, host names, its addresses."""
    host = socket.gethostname()
    hosts = (host, f"{host.partition('.')[0]}.local") if _HOST_NAME.fullmatch(host) else ()
    return tuple(dict.fromkeys(
        ('localhost', *hosts, '127.0.0.1', *lan_addresses())))[:_MAX_NAMES]


def lan_addresses() -> tuple[str, ...]:
    """Return the IPv4 addresses by which other machines may reach this one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, interface in socket.if_nameindex():
            request = struct.pack('256s', interface.encode()[:15])
            try:
                answer = fcntl.ioctl(any_socket.fileno(), _SIOCGIFADDR, request)
            except OSError:  # an interface without an IPv4 address
                continue
            address = ipaddress.IPv4Address(answer[20:24])
            if not address.is_loopback:
                found.append(str(address))
    return tuple(found)


def _readable_certificate(path: Path) -> x509.Certificate | None:
    """Return the kept certificate, or None when it, or its key, is not to be used."""
    try:
        status = path.stat()
        data = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(data)
        key = serialization.load_pem_private_key(data, None)
    except (OSError, ValueError, TypeError):
        return None
    is_private = status.st_mode & 0o077 == 0 and status.st_uid == os.getuid()
    is_pair = key.public_key() == certificate.public_key()
    return certificate if is_private and is_pair else None


def _is_good(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    now = datetime.now(timezone.utc)
    is_in_time = certificate.not_valid_before_utc <= now < (
        certificate.not_valid_after_utc - _RENEW_BEFORE)
    return is_in_time and set(names) <= set(certificate_names(certificate))


def _made(names: Sequence[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'motion_avatar_ros')])
    usage = {name: False for name in (
        'content_commitment', 'key_encipherment', 'data_encipherment', 'key_agreement',
        'key_cert_sign', 'crl_sign', 'encipher_only', 'decipher_only')}
    certificate = (
        x509.CertificateBuilder()
        .subject_name(title).issuer_name(title).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # headsets' clocks are not exact
        .not_valid_after(now + timedelta(days=_VALID_DAYS, hours=-2))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(key, hashes.SHA256()))
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()) + certificate.public_bytes(serialization.Encoding.PEM)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write_privately(path: Path, data: bytes) -> None:
    """Replace a file in one step; it is readable by its owner alone at any moment."""
    handle, name = tempfile.mkstemp(prefix=f'.{path.name}.', dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
        os.chmod(name, _OWNER_ONLY)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
