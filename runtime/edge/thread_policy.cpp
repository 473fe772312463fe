#include "runtime/edge/thread_policy.hpp"

#include <pthread.h>
#include <sched.h>

namespace present::edge {

namespace {

/// Any other policy has been chosen by somebody who knows why.
void change_policy(int from, int to) {
  const sched_param none{};
  if (::sched_getscheduler(0) == from)
    ::pthread_setschedparam(::pthread_self(), to, &none);
}

} // namespace

void run_in_batches() {
  change_policy(SCHED_OTHER, SCHED_BATCH);
}

void run_promptly() {
  change_policy(SCHED_BATCH, SCHED_OTHER);
}

} // namespace present::edge
