trigger ScrmContact on Contact (after insert, after update, after delete, after undelete) {
    if (Trigger.isDelete) {
        ScrmWebhook.enqueue(ScrmWebhook.gone(Trigger.old));
    } else {
        String kind = Trigger.isInsert ? 'contact.created' : 'contact.updated';
        ScrmWebhook.enqueue(ScrmWebhook.changed(kind, Trigger.newMap.keySet()));
    }
}
