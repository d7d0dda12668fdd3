"""An authority and certificates of its, made by OpenSSL's own tool."""

import subprocess


class Authority:
    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.pem = folder / f"{name}.pem"
        self._name = name
        self._openssl("req", "-x509", *self._new_key(name), "-out", self.pem, "-subj", f"/CN={name}", "-days", "2")

    def issue(self, name, alternatives="IP:127.0.0.1,DNS:localhost", days=2):
        """A certificate and its key, as paths."""
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        self._openssl("req", *self._new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", self.pem, "-CAkey", f"{self._name}.key", "-CAcreateserial",
                      "-out", f"{name}.pem", "-days", days, "-extfile", extensions)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    @staticmethod
    def _new_key(name):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True)
