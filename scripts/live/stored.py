"""What lies in a store, read without any of the collector's own code."""

from pathlib import Path

# Where the local store keeps what it has not finished (src/store/local/local_folder_store.cpp).
UNFINISHED = ".rayhistory-unfinished"


class StoredInFolder:
    def __init__(self, folder):
        self.folder = Path(folder)

    def sizes(self, prefix=""):
        """Of each object its size, by key."""
        found = {}
        for path in self.folder.rglob("*"):
            key = str(path.relative_to(self.folder))
            if path.is_file() and key.startswith(prefix) and not key.startswith(f"{UNFINISHED}/"):
                found[key] = path.stat().st_size
        return dict(sorted(found.items()))

    def read(self, key):
        return (self.folder / key).read_bytes()

    def exists(self):
        return self.folder.is_dir()


class StoredInBucket:
    def __init__(self, client, bucket):
        self.client = client
        self.bucket = bucket

    def sizes(self, prefix=""):
        if not self.exists():
            return {}
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}

    def read(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def exists(self):
        return any(bucket["Name"] == self.bucket for bucket in self.client.list_buckets()["Buckets"])


class StoredInContainer:
    def __init__(self, service, container):
        self.client = service.get_container_client(container)

    def sizes(self, prefix=""):
        if not self.exists():
            return {}
        return {blob.name: blob.size for blob in self.client.list_blobs(name_starts_with=prefix)}

    def read(self, key):
        return self.client.download_blob(key).readall()

    def exists(self):
        return self.client.exists()


class StoredInGcs:
    """Read with google-cloud-storage."""

    def __init__(self, client, bucket):
        self.client = client
        self.bucket = bucket

    def _all(self, prefix=""):
        from google.api_core.exceptions import NotFound

        try:
            return {blob.name: blob.size for blob in self.client.list_blobs(self.bucket, prefix=prefix or None)}
        except NotFound:
            return {}

    def sizes(self, prefix=""):
        return {key: size for key, size in self._all(prefix).items() if f"{UNFINISHED}/" not in key}

    def unfinished(self):
        """Temporary objects (src/store/gcs/gcs_store.h)."""
        return [key for key in self._all() if f"{UNFINISHED}/" in key]

    def read(self, key):
        return self.client.bucket(self.bucket).blob(key).download_as_bytes()

    def exists(self):
        return self.client.bucket(self.bucket).exists()


class StoredInOss:
    """Read with alibabacloud-oss-v2."""

    def __init__(self, client, bucket):
        self.client = client
        self.bucket = bucket

    def sizes(self, prefix=""):
        import alibabacloud_oss_v2 as oss

        if not self.exists():
            return {}
        pages = self.client.list_objects_v2_paginator().iter_page(
            oss.ListObjectsV2Request(bucket=self.bucket, prefix=prefix)
        )
        return {entry.key: entry.size for page in pages for entry in page.contents or []}

    def read(self, key):
        import alibabacloud_oss_v2 as oss

        return self.client.get_object(oss.GetObjectRequest(bucket=self.bucket, key=key)).body.read()

    def head(self, key):
        import alibabacloud_oss_v2 as oss

        return self.client.head_object(oss.HeadObjectRequest(bucket=self.bucket, key=key))

    def exists(self):
        return self.client.is_bucket_exist(self.bucket)


class StoredInOci:
    """Read with PyPI's oci."""

    def __init__(self, client, bucket):
        self.client = client
        self.bucket = bucket
        self.namespace = client.get_namespace().data

    def sizes(self, prefix=""):
        if not self.exists():
            return {}
        found, start = {}, None
        while True:
            options = {"start": start} if start else {}
            page = self.client.list_objects(self.namespace, self.bucket, prefix=prefix, fields="name,size", **options).data
            found |= {entry.name: entry.size for entry in page.objects}
            start = page.next_start_with
            if not start:
                return found

    def read(self, key):
        return self.client.get_object(self.namespace, self.bucket, key).data.content

    def head(self, key):
        return self.client.head_object(self.namespace, self.bucket, key).headers

    def unfinished(self):
        return [upload.object for upload in self.client.list_multipart_uploads(self.namespace, self.bucket).data]

    def exists(self):
        import oci

        try:
            self.client.head_bucket(self.namespace, self.bucket)
        except oci.exceptions.ServiceError as error:
            if error.status != 404:
                raise
            return False
        return True
