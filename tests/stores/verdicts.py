"""What each server is known not to do, and what of the collector does not work there yet. A test fails where one of them
has come to work: then its line goes."""

# Tests of the conformance suite (src/store/conformance_test.cpp), by server.
SUITE_DEVIATIONS = {
    "moto": {
        "DoesNotExtendWhatIsNotThere": "a part that is copied from a missing key is answered with 404 and no code",
        "DoesNotExtendAnotherObject": "x-amz-copy-source-if-match is ignored",
        "DoesNotCopyAnotherObject": "x-amz-copy-source-if-match is ignored",
    },
    "rclone": {
        "ListsInByteOrderFromAnyPlace": "a folder's keys stand where its name does, and start-after is ignored where no key is",
        "DoesNotReplaceWhatWasStoredSinceNothingWasThere": "If-None-Match is ignored",
        "DoesNotReplaceWhatWasStoredSince": "If-Match is ignored",
        "DoesNotReplaceWhatIsGone": "If-Match is ignored",
    },
    "ceph": {
        "DoesNotExtendAnotherObject": "x-amz-copy-source-if-match is ignored",
        "DoesNotCopyAnotherObject": "x-amz-copy-source-if-match is ignored",
        "ExtendsAKeyOfOddCharacters": "UploadPartCopy decodes x-amz-copy-source twice, so a key with % is not found",
    },
}

# Where `collector --check` refuses, a part of what it prints.
REFUSED_BY_CHECK = {"rclone": "the answer to a new upload has no upload ID"}

# Where not every byte arrives.
BYTES_MISSING = {
    "rclone": "it answers NoSuchUpload where no upload has begun, and the collector waits until it lists them",
    "versitygw": "its lists say that keys are encoded and hold them as they are, so 100%.log cannot be read",
    "s3s-fs": "it lists no unfinished uploads, and the collector waits until it does",
}
