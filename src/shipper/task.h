// A Task is one step of mirroring that a worker carries out (upload.h), and a TaskResult is how it ended.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "shipper/shipment.h"
#include "store/store.h"

namespace rayhistory::collector {

struct Task {
  enum class Step {
    list_prefix,    // learn what an earlier run stored below `key`
    look,           // learn what the object at `other_key` is, or that at `key` where `other_key` is empty
    compare,        // does the file begin with the object at `other_key`?
    complete,       // append to the object at `other_key`, the file's former name, what it lacks of the file
    claim,          // copy the object at `other_key`, the file's former name, to `key`
    preserve,       // copy the object at `key`, which an earlier file left there, to `other_key`
    compare_kept,   // does the object at `other_key` begin with the one at `key`?
    put,            // write the whole file to `key`
    extend,         // append to the object at `key` what it lacks of the file
    report_stored,  // call the shipment's on_stored: all of the file is stored
    report_ended,   // call on_stored: all of the prefix `key`, which has ended, is stored
  };

  Step step;
  std::string key;
  std::string other_key;
  // The object that the step builds on: the one at `other_key` for compare, complete and claim, and the one
  // at `key` for the other steps. StoredObject{} says that there is none.
  StoredObject stored;
  Shipment shipment;
  // put: replaces whatever is there, because the store refused twice to replace `stored`.
  bool replaces_anything = false;
};

enum class Outcome {
  done,        // `object` is what the key holds now; for compare and compare_kept the answer is yes
  different,   // for compare and compare_kept the answer is no; for other steps the store does not hold
               // `stored`
  file_moved,  // the path leads to another file, to other bytes or to none. The store may have been written
               // to
  failed,      // `error` says why. The store may have been written to
};

struct TaskResult {
  Outcome outcome;
  StoredObject object;
  std::optional<Error> error;  // of different: the store's answer, where there was one
};

}  // namespace rayhistory::collector
