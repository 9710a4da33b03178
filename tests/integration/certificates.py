"""A small certificate authority of a test: keys, certificates and revocation lists as PEM files in a folder."""
import datetime
import ipaddress
import itertools
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def common_name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def as_alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Issued:
    """A certificate and its key, as the files `path` and `key_path`."""

    def __init__(self, folder, name, certificate, key):
        self.certificate, self.key = certificate, key
        self.path, self.key_path = folder / f"{name}.pem", folder / f"{name}.key"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))

    @property
    def fingerprint(self):
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def subject(self):
        return self.certificate.subject.rfc4514_string()


class Authority:
    def __init__(self, folder, name="ca"):
        self.folder, self.name, self.serials, self.revoked = folder, name, itertools.count(1), []
        folder.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(common_name(name), key, common_name(name), 3650 * DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.own = Issued(folder, name, made.sign(key, hashes.SHA256()), key)
        self.path = self.own.path

    def _builder(self, subject, key, issuer, good_for):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                .serial_number(next(self.serials)).not_valid_before(now - 10 * DAY).not_valid_after(now + good_for))

    def issue(self, name, alternatives=(), client=False, good_for=90 * DAY, file=None, both=False):
        """`alternatives`: the names and addresses of a server. `file`: another name for the files. `both`: for a server
        that is a client of its peers."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(common_name(name), key, self.own.certificate.subject, good_for)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName([as_alternative(one) for one in alternatives]), False)
        use = [ExtendedKeyUsageOID.CLIENT_AUTH] if client or both else []
        use += [] if client else [ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(use), False)
        return Issued(self.folder, file or name, builder.sign(self.own.key, hashes.SHA256()), key)

    def revoke(self, *issued, good_for=DAY):
        """Writes the list of what is revoked, with these on it too, and returns its path."""
        now = datetime.datetime.utcnow()
        self.revoked += [one.certificate.serial_number for one in issued]
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.own.certificate.subject)
                   .last_update(now - 2 * DAY).next_update(now + good_for))
        for serial in self.revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build())
        path = self.folder / f"{self.name}.crl"
        path.write_bytes(builder.sign(self.own.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


def caller(authority, certificate=None, name="127.0.0.1"):
    """How a client trusts `authority`, showing a certificate of its own or none: (context, the name it expects)."""
    context = ssl.create_default_context(cafile=authority.path)
    if certificate:
        context.load_cert_chain(certificate.path, certificate.key_path)
    return context, name
