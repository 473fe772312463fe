#pragma once

namespace present::edge {

/// The calling thread, when it is woken, lets who runs on its core finish its turn
/// (Linux: `SCHED_BATCH`). For a thread that finds more to do the later it comes, beside
/// others like it on few cores: taking turns costs them more than waiting. On a core that
/// is free it is as prompt as ever. Threads that it makes are as it is. Best effort.
void run_in_batches();

} // namespace present::edge
