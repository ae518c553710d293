// Whether anybody still has a log open for writing: one that nobody has cannot grow any more.
//
// The kernel tells by a read lease, which it grants only while a file is open for writing nowhere (fcntl(2),
// "Leases"). That holds across containers, whose processes we cannot see. The lease is given back at once;
// who opens the file for writing in between waits for that moment, and SIGIO, which tells of it, is ignored
// (base/process.h).
#pragma once

#include "base/open_folder.h"

namespace rayhistory::collector {

enum class Writers {
  none,
  some,
  unknown,  // a file of another user, a file system without leases: who can say
};

// Of all regular files in the folder and below. Does not wait; some microseconds a file, until the first that
// has a writer. What comes to be meanwhile may be missed.
Writers writers_below(const OpenFolder& folder);

}  // namespace rayhistory::collector
