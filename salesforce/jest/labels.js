const fs = require("fs");
const path = require("path");

const SOURCES = path.join(__dirname, "..", "force-app", "main", "default");

/** Pairs of name and text, as they are deployed. */
function texts(file, name, value) {
    const xml = new DOMParser().parseFromString(fs.readFileSync(path.join(SOURCES, file), "utf-8"), "text/xml");
    return [...xml.documentElement.children].map((one) =>
        [name, value].map((tag) => one.getElementsByTagName(tag)[0].textContent)
    );
}

const LABELS = {
    en: () => texts("labels/CustomLabels.labels-meta.xml", "fullName", "value"),
    de: () => texts("translations/de.translation-meta.xml", "name", "label")
};

/** Have components loaded from now on get these labels, as somebody with this language does; gives them by name. */
function speak(jest, language) {
    const labels = LABELS[language]();
    for (const [name, text] of labels) {
        jest.doMock(`@salesforce/label/c.${name}`, () => ({ __esModule: true, default: text }), { virtual: true });
    }
    return Object.fromEntries(labels);
}

module.exports = { LABELS, speak };
