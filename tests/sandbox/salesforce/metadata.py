"""Small packages of invented metadata for the tests of the fake org."""

import io
import zipfile

PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
 <types><members>Note__c</members><name>CustomObject</name></types>
 <types><members>Writer</members><name>PermissionSet</name></types>
 <version>68.0</version>
</Package>"""
KEY = """<fields><fullName>Key__c</fullName><label>Key</label><type>Text</type><length>20</length>
 <externalId>true</externalId><unique>true</unique><caseSensitive>true</caseSensitive></fields>"""
FIELDS = f"""{KEY}
<fields><fullName>Contact__c</fullName><label>Contact</label><type>Lookup</type><referenceTo>Contact</referenceTo>
 <relationshipName>Notes</relationshipName><deleteConstraint>SetNull</deleteConstraint></fields>
<fields><fullName>Version__c</fullName><label>Version</label><type>Number</type><precision>18</precision>
 <scale>0</scale></fields>
<fields><fullName>Mood__c</fullName><label>Mood</label><type>Picklist</type><valueSet><restricted>true</restricted>
 <valueSetDefinition><value><fullName>Good</fullName><default>true</default><label>Good</label></value>
 <value><fullName>Bad</fullName><default>false</default><label>Bad</label></value></valueSetDefinition></valueSet></fields>
<fields><fullName>Text__c</fullName><label>Text</label><type>LongTextArea</type><length>1000</length>
 <visibleLines>3</visibleLines></fields>
<fields><fullName>Needed__c</fullName><label>Needed</label><type>Text</type><length>5</length>
 <required>true</required></fields>
<validationRules><fullName>Newer</fullName><active>true</active><errorMessage>older version</errorMessage>
 <errorConditionFormula>AND(NOT(ISNEW()), Version__c &lt; PRIORVALUE(Version__c))</errorConditionFormula>
</validationRules>"""
WRITER = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"><label>Writer</label>
<objectPermissions><allowCreate>true</allowCreate><allowDelete>true</allowDelete><allowEdit>true</allowEdit>
<allowRead>true</allowRead><modifyAllRecords>false</modifyAllRecords><object>Note__c</object>
<viewAllRecords>false</viewAllRecords></objectPermissions>{fields}</PermissionSet>"""


def writer(*names: str, without: str = "") -> str:
    """The permission set, with these fields, and without one of the rights on the object."""
    form = (
        "<fieldPermissions><editable>true</editable><field>Note__c.{}</field><readable>true</readable>"
        "</fieldPermissions>"
    )
    rights = WRITER.replace(f"<{without}>true", f"<{without}>false")
    return rights.format(fields="".join(form.format(name) for name in names))


def note_object(fields: str = FIELDS) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><label>Note</label><pluralLabel>Notes</pluralLabel>
<nameField><label>Number</label><type>AutoNumber</type><displayFormat>N-{{0000}}</displayFormat></nameField>
<deploymentStatus>Deployed</deploymentStatus><sharingModel>ReadWrite</sharingModel>{fields}</CustomObject>"""


def package(
    fields: str = FIELDS, permissions: str = writer("Key__c", "Contact__c", "Version__c", "Mood__c", "Text__c")
) -> io.BytesIO:
    """A zip as the Metadata API takes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("package.xml", PACKAGE)
        archive.writestr("objects/Note__c.object", note_object(fields))
        archive.writestr("permissionsets/Writer.permissionset", permissions)
    return out
