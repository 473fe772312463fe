#pragma once

namespace present::storage {

/// A mapped file that is cut short, or whose disk can't read a page, is a SIGBUS at
/// the next touch of that page, in the middle of LMDB. Nothing can go on from there,
/// so the process ends; but it says in a line on stderr which file and which page it
/// was. Its next start finds the damage and rebuilds what is lost from the peers.
///
/// Installs the signal's handler; once, however often it is called. Thread-safe.
void report_map_faults();

} // namespace present::storage
