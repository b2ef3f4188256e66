// Oclgrind's headers name this class of LLVM, and the plugin does not use it: so LLVM's headers are not needed.
#pragma once
namespace llvm {
class StringRef;
}
