// write_session FOLDER TASKS FILES: lays a session out for bench/process/history.py.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "process/session_on_disk.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: write_session FOLDER TASKS FILES\n", stderr);
    return 2;
  }
  rayhistory::write_session(argv[1], std::stoi(argv[2]), std::stoi(argv[3]));
  return 0;
}
