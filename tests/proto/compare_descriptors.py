#!/usr/bin/env python3
"""Compares proto/ with the descriptors of an installed pyspark, both ways.

    compare_descriptors.py PROTOC PROTO_ROOT PYSPARK_PROTO_FOLDER

Compared are number, type, label, oneof and presence of every field, every enum value, and every rpc. Machine learning
and pipelines are left out: their files and messages, and the fields that refer to them. One difference a line; exit status 1 if there is any.
"""
import ast
import pathlib
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

LEFT_OUT_FILES = ("ml.proto", "ml_common.proto", "pipelines.proto", "example_plugins.proto")
LEFT_OUT_MESSAGES = (".spark.connect.MlRelation", ".spark.connect.Fetch")
F = descriptor_pb2.FieldDescriptorProto


def ours(protoc, root):
    """The descriptors of the .proto files under root, as protoc reads them."""
    with tempfile.NamedTemporaryFile() as out:
        files = sorted(str(path) for path in pathlib.Path(root).glob("spark/connect/*.proto"))
        subprocess.run([protoc, f"--proto_path={root}", f"--descriptor_set_out={out.name}", *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes()).file


def theirs(folder):
    """The descriptors inside pyspark's generated modules; read, not run, since they demand their own protobuf runtime."""
    for path in sorted(pathlib.Path(folder).glob("*_pb2.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
                yield descriptor_pb2.FileDescriptorProto.FromString(ast.literal_eval(node.args[0]))


def messages(file):
    def walk(prefix, message):
        yield f"{prefix}.{message.name}", message
        for nested in message.nested_type:
            yield from walk(f"{prefix}.{message.name}", nested)

    for message in file.message_type:
        yield from walk("." + file.package, message)


def field_fact(message, field):
    fact = f"{F.Label.Name(field.label)} {F.Type.Name(field.type)} {field.type_name} = {field.number}"
    if field.proto3_optional:
        return fact + ", explicit presence"
    if field.HasField("oneof_index"):
        return fact + ", oneof " + message.oneof_decl[field.oneof_index].name
    return fact


def left_out(file, message=""):
    return file.name.endswith(LEFT_OUT_FILES) or any(f"{message}.".startswith(f"{m}.") for m in LEFT_OUT_MESSAGES)


def facts(files):
    """Every fact of the files by its name, but for what belongs to the files left out."""
    files = list(files)
    foreign = {name for f in files for name, _ in messages(f) if left_out(f, name)}
    found = {}
    for file in files:
        if left_out(file):
            continue
        enums = [("." + file.package, enum) for enum in file.enum_type]
        for name, message in messages(file):
            if name in foreign:
                continue
            found[name] = "message"
            enums += [(name, enum) for enum in message.enum_type]
            for field in message.field:
                if field.type_name not in foreign:
                    found[f"{name}.{field.name}"] = field_fact(message, field)
        for prefix, enum in enums:
            found[f"{prefix}.{enum.name}"] = "enum"
            for value in enum.value:
                found[f"{prefix}.{enum.name}.{value.name}"] = f"enum value = {value.number}"
        for service in file.service:
            for rpc in service.method:
                stream = [side for side in ("client", "server") if getattr(rpc, side + "_streaming")]
                found[f".{file.package}.{service.name}.{rpc.name}"] = f"rpc {rpc.input_type} -> {rpc.output_type} {stream}"
    return found


def main():
    protoc, root, folder = sys.argv[1:]
    mine, other = facts(ours(protoc, root)), facts(theirs(folder))
    if len(mine) < 1000 or len(other) < 1000:
        sys.exit(f"only {len(mine)} facts in {root} and {len(other)} in {folder}: something was not read")
    differences = 0
    for name in sorted(mine.keys() | other.keys()):
        if mine.get(name) != other.get(name):
            differences += 1
            print(f"{name}\n  proto/:  {mine.get(name, 'missing')}\n  pyspark: {other.get(name, 'missing')}")
    print(f"{len(mine)} facts in proto/, {len(other)} in pyspark, {differences} differences")
    sys.exit(1 if differences else 0)


main()
