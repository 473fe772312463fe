// CAF takes most of the time that a file of actors takes to compile: name this
// as `cpp_pch` of any library or test that includes it. No .hpp, for it can't
// have a #pragma once: precompiled, it is the main file, where g++ refuses one.
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
