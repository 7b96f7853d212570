// Something that must let go of its coroutines before their execution context is destroyed.
#pragma once

namespace cospark::rpc {

class context_part {
 public:
  virtual ~context_part() = default;
  /// The context is being destroyed: hand everything that waits to the inbox, which frees it without running it.
  virtual void context_ends() = 0;
};

}  // namespace cospark::rpc
