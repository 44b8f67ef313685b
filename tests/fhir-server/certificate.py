"""Writes an authority (authority.pem) and a certificate of it for localhost (tls.crt, tls.key) into the current folder."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.datetime.now(datetime.timezone.utc)


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, is_authority):
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(NOW - datetime.timedelta(hours=1)).not_valid_after(NOW + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


PEM = serialization.Encoding.PEM
authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
authority = name("Hospital authority")
write("authority.pem", certificate(authority, authority_key, authority, authority_key, True).public_bytes(PEM))
write("tls.crt", certificate(name("localhost"), server_key, authority, authority_key, False).public_bytes(PEM))
write("tls.key", server_key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
