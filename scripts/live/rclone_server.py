"""`rclone serve s3` before a folder of this machine."""

from .s3_server import S3Server


class RcloneServer(S3Server):
    name = "rclone"

    def command(self):
        keys = f"{self.access_key},{self.secret_key}"
        return [self.program, "serve", "s3", "--addr", self.endpoint, "--auth-key", keys, str(self.data)]

    def settings(self):
        # It reads no settings of the machine's user.
        return {"RCLONE_CONFIG": str(self.folder / "rclone.conf")}
