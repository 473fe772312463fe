#include "runtime/edge/thread_policy.hpp"

#include <pthread.h>
#include <sched.h>

namespace present::edge {

void run_in_batches() {
  const sched_param none{};
  // Any other policy has been chosen by somebody who knows why.
  if (::sched_getscheduler(0) == SCHED_OTHER)
    ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &none);
}

} // namespace present::edge
