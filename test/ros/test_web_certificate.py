# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page's certificate: who can read its key, for which names it is, when it is made anew."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
import os
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from motion_avatar_ros.ros import web_certificate
from motion_avatar_ros.ros.web_certificate import (
    WebCertificateError, certificate_names, machine_names, own_certificate,
    server_context,
)

HOME = ('localhost', '127.0.0.1', '10.0.0.7')
OFFICE = ('localhost', '127.0.0.1', '172.16.4.2')


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_key_is_readable_by_its_owner_alone_even_under_a_lax_umask(tmp_path):
    before = os.umask(0)
    try:
        path = own_certificate(tmp_path / 'new', HOME)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_certificate_is_what_browsers_accept(tmp_path):
    certificate = read(own_certificate(tmp_path, HOME))
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.public_key().curve.name == 'secp256r1'
    assert set(certificate_names(certificate)) == set(HOME)
    length = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert timedelta(days=820) < length <= timedelta(days=825)
    assert certificate.not_valid_before_utc < datetime.now(timezone.utc)


def test_certificate_is_kept_from_start_to_start(tmp_path):
    first = own_certificate(tmp_path, HOME).read_bytes()
    assert own_certificate(tmp_path, HOME).read_bytes() == first
    assert own_certificate(tmp_path, HOME[:2]).read_bytes() == first


def test_certificate_is_renewed_for_a_new_address_and_keeps_the_old_ones(tmp_path):
    first = own_certificate(tmp_path, HOME).read_bytes()
    second = own_certificate(tmp_path, OFFICE)
    assert second.read_bytes() != first
    assert set(certificate_names(read(second))) == {*HOME, *OFFICE}
    kept = second.read_bytes()
    assert own_certificate(tmp_path, HOME).read_bytes() == kept


def test_expired_certificate_is_renewed(tmp_path, monkeypatch):
    monkeypatch.setattr(web_certificate, '_VALID_DAYS', 5)  # less than what is renewed before
    first = own_certificate(tmp_path, HOME).read_bytes()
    monkeypatch.undo()
    path = own_certificate(tmp_path, HOME)
    assert path.read_bytes() != first
    assert read(path).not_valid_after_utc > datetime.now(timezone.utc) + timedelta(days=800)


@pytest.mark.parametrize('harm', ['empty', 'cut', 'text', 'lax', 'other_key'])
def test_unusable_file_is_replaced(tmp_path, harm):
    path = own_certificate(tmp_path, HOME)
    data = path.read_bytes()
    if harm == 'lax':
        path.chmod(0o644)
    elif harm == 'other_key':
        other = own_certificate(tmp_path / 'other', HOME).read_bytes()
        path.write_bytes(other[:other.index(b'-----BEGIN CERT')] + data[data.index(
            b'-----BEGIN CERT'):])
    else:
        path.write_bytes({'empty': b'', 'cut': data[:300], 'text': b'not a key\n' * 40}[harm])
    renewed = own_certificate(tmp_path, HOME)
    assert renewed.read_bytes() != data
    assert renewed.stat().st_mode & 0o777 == 0o600
    server_context('', '', tmp_path)


def test_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(WebCertificateError, match='ROS_HOME') as refused:
        own_certificate(tmp_path / 'file' / 'folder', HOME)
    assert '\n' not in str(refused.value)


def test_own_files_are_used_and_wrong_ones_refused(tmp_path):
    own = str(own_certificate(tmp_path / 'a', HOME))
    assert isinstance(server_context(own, own), ssl.SSLContext)
    other = str(own_certificate(tmp_path / 'b', HOME))
    for certificate, key, words in (
            (own, '', 'go together'), ('', own, 'go together'), (own, other, 'belong together'),
            (own, str(tmp_path / 'missing.pem'), 'missing.pem')):
        with pytest.raises(WebCertificateError, match=words):
            server_context(certificate, key)


def test_machine_has_local_names_first():
    names = machine_names()
    assert names[0] == 'localhost' and '127.0.0.1' in names
    assert len(set(names)) == len(names)
