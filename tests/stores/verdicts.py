"""What each server is known not to do, and what of the collector does not work there yet. A test fails where one of them
has come to work: then its line goes."""

import pytest

# Tests of the conformance suite (src/store/conformance_test.cpp), by server.
SUITE_DEVIATIONS = {
    "moto": {
        "DoesNotExtendAnotherObject": "x-amz-copy-source-if-match is ignored",
        "DoesNotCopyAnotherObject": "x-amz-copy-source-if-match is ignored",
    },
    "rclone": {
        "DoesNotExtendWhatIsNotThere": "it copies no parts, and ignores If-Match on the whole",
        "DoesNotExtendAnotherObject": "it copies no parts, and ignores If-Match on the whole",
        "DoesNotCopyAnotherObject": "x-amz-copy-source-if-match is ignored",
        "DoesNotReplaceWhatWasStoredSinceNothingWasThere": "If-None-Match is ignored",
        "DoesNotReplaceWhatWasStoredSince": "If-Match is ignored",
        "DoesNotReplaceWhatIsGone": "If-Match is ignored",
    },
    "s3s-fs": {"ListsSizesAndTagsAsStatDoes": "its lists have no ETags"},
    "seaweedfs": {"KeepsEveryCharacterOfAKey": "a backslash in a key becomes a slash"},
    "ceph": {
        "DoesNotExtendAnotherObject": "x-amz-copy-source-if-match is ignored",
        "DoesNotCopyAnotherObject": "x-amz-copy-source-if-match is ignored",
    },
    "garage": {
        "DoesNotReplaceWhatWasStoredSinceNothingWasThere": "If-None-Match is ignored",
        "DoesNotReplaceWhatWasStoredSince": "If-Match is ignored",
        "DoesNotReplaceWhatIsGone": "If-Match is ignored",
    },
}

# Tests of the suite that a server fails now and then, by its own race: what it then answers is an error that the
# collector tries again, as the other tests of these servers show.
SUITE_RACES = {
    "rclone": {"ServesManyThreads": "of several first writes into a new folder one may be answered with 500"},
}

# Where `collector --check` refuses, a part of what it prints.
REFUSED_BY_CHECK = {"s3s-fs": "500 InternalError"}

# Where not every byte arrives.
BYTES_MISSING = {
    "s3s-fs": "it answers 500 to keys of more than about 110 bytes, whose names are longer than a file's may be here",
}


def marks_of(tested):
    """The marks of a test on `tested`, of live.s3_servers.SERVERS, that wants each byte to arrive."""
    marks = [pytest.mark.stores] if tested.slow else []
    if reason := BYTES_MISSING.get(tested.name):
        marks.append(pytest.mark.xfail(strict=True, reason=reason))
    return marks
